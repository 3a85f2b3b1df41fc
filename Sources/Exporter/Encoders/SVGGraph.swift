/// A flame graph that stands alone: a picture everywhere, clickable and searchable in a browser. Root on top.
/// Lengths in units of the view box.
struct SVGGraph {
    /// One rectangle.
    struct Frame {
        var name: String
        /// Names of the classes that colour it.
        var classes: String
        /// What the tooltip says below the name, escaped.
        var facts: String
        /// 0 for the whole.
        var depth: Int
        /// Index of the caller; −1 for the whole.
        var parent: Int
        /// Share of the whole, 0…1.
        var share: Double
    }

    var title: String
    /// Two lines below the title.
    var lines: [String]
    /// Depth first, the whole first; empty when there is nothing to show.
    var frames: [Frame]
    /// Below the graph.
    var footer: String
    /// Rules besides those of every graph.
    var style = ""
    /// See ``ProfileDocument/nonce``.
    var nonce: String?

    private static let width = 1_200
    private static let margin = 10
    private static let graphWidth = Double(width - 2 * margin)
    private static let top = 66
    private static let row = 18
    /// Width of a letter of the 12-pixel monospaced font, a little generous.
    private static let letter = 7.25

    private var height: Int { Self.top + ((frames.map(\.depth).max() ?? 0) + 1) * Self.row + 30 }

    /// A file of its own.
    var document: String { "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + element }

    /// The element alone, for a page around it.
    var element: String {
        let height = height
        let attribute = PageDocument.attribute(nonce)
        let title = Markup.escape(title)
        var result = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width) \(height)" width="\(Self.width)" \
            height="\(height)" role="img" aria-label="\(title)">
            <title>\(title)</title>
            <style\(attribute)>
            \(PageDocument.text(PackageResources.graph_css))\(style)</style>
            <rect class="back" width="100%" height="100%"/>
            <text class="title" x="\(Self.margin)" y="24">\(title)</text>
            <text class="plain soft" x="\(Self.margin)" y="44">\(Markup.escape(line(0)))</text>
            <text class="plain soft" x="\(Self.margin)" y="59">\(Markup.escape(line(1)))</text>
            <text class="plain" id="status" x="1190" y="56" text-anchor="end"></text>
            <foreignObject x="850" y="8" width="340" height="30"><div xmlns="http://www.w3.org/1999/xhtml" \
            class="controls"><input id="search" type="search" placeholder="Search" aria-label="Search functions"/>\
            <button id="reset" type="button" disabled="disabled">Reset zoom</button></div></foreignObject>

            """
        if frames.isEmpty { result += emptyNote } else { appendFrames(to: &result) }
        result += """
            <text class="plain soft" x="\(Self.margin)" y="\(height - 10)">\(Markup.escape(footer))</text>
            <script\(attribute)><![CDATA[
            \(PageDocument.text(PackageResources.graph_js))]]></script>
            </svg>

            """
        return result
    }

    private func line(_ index: Int) -> String { lines.indices.contains(index) ? lines[index] : "" }

    private var emptyNote: String {
        "<text class=\"plain\" x=\"\(Self.margin)\" y=\"\(Self.top + 13)\">No samples in this window.</text>\n"
    }

    /// Frames come depth first, so that a child starts where its elder sibling ended.
    private func appendFrames(to result: inout String) {
        var next = [Double](repeating: 0, count: frames.count)
        for (index, frame) in frames.enumerated() {
            var left = 0.0
            if frame.parent >= 0 {
                left = next[frame.parent]
                next[frame.parent] += frame.share
            }
            next[index] = left
            append(frame, left: left, to: &result)
        }
    }

    private func append(_ frame: Frame, left: Double, to result: inout String) {
        let name = frame.name.isEmpty ? "[unknown]" : frame.name
        let x = NumberText.fixed(Double(Self.margin) + left * Self.graphWidth, digits: 2)
        let textX = NumberText.fixed(Double(Self.margin) + left * Self.graphWidth + 4, digits: 2)
        let width = NumberText.fixed(Self.drawnWidth(frame.share), digits: 2)
        let y = Self.top + frame.depth * Self.row
        result += "<g class=\"f \(frame.classes)\" tabindex=\"0\" "
        result +=
            "data-x=\"\(NumberText.fixed(left, digits: 9))\" data-w=\"\(NumberText.fixed(frame.share, digits: 9))\" "
        result += "data-d=\"\(frame.depth)\" data-n=\"\(Markup.escape(Self.cut(name, 164)))\">"
        result += "<title>\(Markup.escape(name))\n\(frame.facts)</title>"
        result += "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"17\"/>"
        result += "<text x=\"\(textX)\" y=\"\(y + 13)\">\(Markup.escape(Self.fitting(name, frame.share)))</text></g>\n"
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
}
