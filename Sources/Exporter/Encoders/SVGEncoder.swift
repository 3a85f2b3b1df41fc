import Analysis
import Model

/// A flame graph that stands alone: a picture everywhere, clickable and searchable in a browser. Root on top.
enum SVGEncoder {
    /// Most frames drawn: more only make the file heavy.
    static let maximumNodes = 6_000

    static func encode(_ document: ProfileDocument) -> [UInt8] {
        let tree = FlameTree(
            document.profile, title: document.target, levels: document.levels, maximumNodes: maximumNodes)
        return Array(SVGDrawing(document: document, tree: tree).text.utf8)
    }
}

/// One drawing while it is written. Lengths in units of the view box.
private struct SVGDrawing {
    private let document: ProfileDocument
    private let tree: FlameTree
    private let whole: Double
    private let height: Int

    private static let width = 1_200
    private static let margin = 10
    private static let graphWidth = Double(width - 2 * margin)
    private static let top = 66
    private static let row = 18
    /// Width of a letter of the 12-pixel monospaced font, a little generous.
    private static let letter = 7.25

    init(document: ProfileDocument, tree: FlameTree) {
        self.document = document
        self.tree = tree
        whole = tree.nodes[0].weight
        let deepest = tree.nodes.map { Int($0.depth) }.max() ?? 0
        height = Self.top + (deepest + 1) * Self.row + 30
    }

    var text: String {
        let nonce = PageDocument.attribute(document.nonce)
        let title = Markup.escape("Hearth: " + document.title)
        var result = """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width) \(height)" width="\(Self.width)" \
            height="\(height)" role="img" aria-label="\(title)">
            <title>\(title)</title>
            <style\(nonce)>
            \(PageDocument.text(PackageResources.graph_css))</style>
            <rect class="back" width="100%" height="100%"/>
            <text class="title" x="\(Self.margin)" y="24">\(title)</text>
            <text class="plain soft" x="\(Self.margin)" y="44">\(Markup.escape(window))</text>
            <text class="plain soft" x="\(Self.margin)" y="59">\(Markup.escape(truth))</text>
            <text class="plain" id="status" x="1190" y="56" text-anchor="end"></text>
            <foreignObject x="850" y="8" width="340" height="30"><div xmlns="http://www.w3.org/1999/xhtml" \
            class="controls"><input id="search" type="search" placeholder="Search" aria-label="Search functions"/>\
            <button id="reset" type="button" disabled="disabled">Reset zoom</button></div></foreignObject>

            """
        if whole > 0 { appendFrames(to: &result) } else { result += emptyNote }
        result += """
            <text class="plain soft" x="\(Self.margin)" y="\(height - 10)">\(footer)</text>
            <script\(nonce)><![CDATA[
            \(PageDocument.text(PackageResources.graph_js))]]></script>
            </svg>

            """
        return result
    }

    private var window: String {
        let profile = document.profile
        return "\(Timestamp.rfc3339(profile.startTime)) to \(Timestamp.rfc3339(profile.endTime)), "
            + "mean period \(TimeSpan.precise(Double(profile.period)))"
    }

    private var truth: String {
        document.profile.truth.fields.map { "\($0.value) \($0.name)" }.joined(separator: " · ")
    }

    private var footer: String {
        guard tree.droppedNodes > 0 else { return "Click a frame to zoom; Escape resets." }
        let share = NumberText.fixed(tree.minimumShare * 100, digits: 3)
        return "Click a frame to zoom; Escape resets. \(tree.droppedNodes) frames of at most \(share) % are left out."
    }

    private var emptyNote: String {
        "<text class=\"plain\" x=\"\(Self.margin)\" y=\"\(Self.top + 13)\">No samples in this window.</text>\n"
    }

    /// Nodes come depth first, so that a child starts where its elder sibling ended.
    private func appendFrames(to result: inout String) {
        var next = [Double](repeating: 0, count: tree.nodes.count)
        for index in tree.nodes.indices {
            let node = tree.nodes[index]
            let share = node.weight / whole
            var left = 0.0
            if node.parent >= 0 {
                left = next[Int(node.parent)]
                next[Int(node.parent)] += share
            }
            next[index] = left
            appendFrame(node, left: left, share: share, to: &result)
        }
    }

    private func appendFrame(_ node: FlameTree.Node, left: Double, share: Double, to result: inout String) {
        let function = tree.functions[Int(node.function)]
        let name = function.name.isEmpty ? "[unknown]" : function.name
        let escaped = Markup.escape(name)
        let x = NumberText.fixed(Double(Self.margin) + left * Self.graphWidth, digits: 2)
        let textX = NumberText.fixed(Double(Self.margin) + left * Self.graphWidth + 4, digits: 2)
        let width = NumberText.fixed(Self.drawnWidth(share), digits: 2)
        let y = Self.top + Int(node.depth) * Self.row
        let colour = function.kind == .native && node.inlined ? "inlined" : function.kind.rawValue
        result += "<g class=\"f \(colour) s\(Self.shade(function))\" tabindex=\"0\" "
        result += "data-x=\"\(NumberText.fixed(left, digits: 9))\" data-w=\"\(NumberText.fixed(share, digits: 9))\" "
        result += "data-d=\"\(node.depth)\" data-n=\"\(Markup.escape(Self.cut(name, 164)))\">"
        result += "<title>\(escaped)\n\(facts(node, function))</title>"
        result += "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"17\"/>"
        result += "<text x=\"\(textX)\" y=\"\(y + 13)\">\(Markup.escape(Self.fitting(name, share)))</text></g>\n"
    }

    private func facts(_ node: FlameTree.Node, _ function: Function) -> String {
        let origin =
            function.kind == .group ? "" : (node.inlined ? "inlined, " : "") + Markup.escape(function.module) + "\n"
        return origin + "total \(part(node.weight)), \(node.count) samples\n"
            + "self \(part(node.selfWeight)), \(node.selfCount) samples"
    }

    private func part(_ weight: Double) -> String {
        "\(TimeSpan.precise(weight)) (\(NumberText.fixed(weight / whole * 100, digits: 2)) %)"
    }

    /// A little less than the share, so that neighbours can be told apart.
    private static func drawnWidth(_ share: Double) -> Double {
        let width = share * graphWidth
        return max(width - min(0.7, width * 0.2), 0.2)
    }

    private static func fitting(_ name: String, _ share: Double) -> String {
        let letters = Int((share * graphWidth - 7) / letter)
        return letters < 3 ? "" : cut(name, letters)
    }

    /// The name with at most so many letters; 164 fill the graph.
    private static func cut(_ name: String, _ letters: Int) -> String {
        name.unicodeScalars.count <= letters
            ? name : String(String.UnicodeScalarView(name.unicodeScalars.prefix(letters - 1))) + "…"
    }

    /// One of four shades, the same for a function everywhere.
    private static func shade(_ function: Function) -> UInt32 {
        let text = (function.kind == .group ? "" : function.module) + function.name
        return text.utf16.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) } & 3
    }
}
