import Analysis
import Model

/// The red and blue flame graph of a diff as a file: what grew is red, what shrank is blue, the stronger the larger its
/// share of the frame; what may be noise is grey. A frame is as wide as both sides together, so that what is gone can
/// be seen as well.
enum DiffSVGEncoder {
    static func encode(_ document: DiffDocument) -> [UInt8] { Array(graph(document).document.utf8) }

    static func graph(_ document: DiffDocument) -> SVGGraph {
        let diff = document.diff
        let whole = diff.nodes[0].total.base + diff.nodes[0].total.value
        return SVGGraph(
            title: "Hearth: " + document.heading,
            lines: ["base: \(line(diff.base, document.baseTitle))", "to: \(line(diff.to, document.title))"],
            frames: whole > 0 ? diff.nodes.map { frame($0, diff, of: whole) } : [], footer: footer(diff), style: style,
            nonce: document.nonce)
    }

    private static func line(_ side: DiffSide, _ title: String) -> String {
        "\(title), \(Timestamp.rfc3339(side.startTime)) to \(Timestamp.rfc3339(side.endTime)), "
            + "\(side.truth.samples) samples, \(side.truth.lost) lost"
    }

    private static func footer(_ diff: Diff) -> String {
        let legend = "Red grew, blue shrank, grey may be noise; as wide as both sides together. Click a frame to zoom."
        return diff.droppedNodes > 0 ? "\(legend) \(diff.droppedNodes) small frames are left out." : legend
    }

    private static func frame(_ node: DiffNode, _ diff: Diff, of whole: Double) -> SVGGraph.Frame {
        let function = diff.names[Int(node.function)]
        let origin = function.kind == .group ? "" : Markup.escape(function.module) + "\n"
        let values = DiffText(diff.normalization)
        let facts =
            "base \(values.text(node.total.base)), \(node.baseCount) samples\n"
            + "to \(values.text(node.total.value)), \(node.count) samples\n\(values.change(node.total))"
        return SVGGraph.Frame(
            name: function.name, classes: classes(node.total, isGroup: function.kind == .group), facts: origin + facts,
            depth: Int(node.depth), parent: Int(node.parent), share: (node.total.base + node.total.value) / whole)
    }

    /// One of four strengths by the part of the larger side that changed.
    static func classes(_ value: DiffValue, isGroup: Bool) -> String {
        let group = isGroup ? "group " : ""
        guard value.isSignificant, value.delta != 0 else { return group + "same" }
        let part = abs(value.delta) / max(value.base, value.value)
        let strength = min(3, Int(part * 4))
        return group + (value.delta > 0 ? "grew" : "fell") + " d\(strength)"
    }

    private static let style = """
        svg { --r0: #f7d9d3; --r1: #f0b3a8; --r2: #e68a7a; --r3: #dc5f4c; --b0: #d6e3f5; --b1: #adc8ec; --b2: #83aae0; \
        --b3: #5a8bd3; --same: #e4e1dc; }
        @media (prefers-color-scheme: dark) { svg { --r0: #4e2f2a; --r1: #753a31; --r2: #9c4436; --r3: #c44d3a; \
        --b0: #2a3647; --b1: #2f4b73; --b2: #34609e; --b3: #3a76ca; --same: #3a3733; } }
        .same rect { fill: var(--same); } .grew.d0 rect { fill: var(--r0); } .grew.d1 rect { fill: var(--r1); }
        .grew.d2 rect { fill: var(--r2); } .grew.d3 rect { fill: var(--r3); } .fell.d0 rect { fill: var(--b0); }
        .fell.d1 rect { fill: var(--b1); } .fell.d2 rect { fill: var(--b2); } .fell.d3 rect { fill: var(--b3); }

        """
}

/// Values of a diff for people.
struct DiffText {
    private let normalization: DiffNormalization

    init(_ normalization: DiffNormalization) { self.normalization = normalization }

    /// `0.512 CPUs` or `51.2 %`.
    func text(_ value: Double) -> String {
        switch normalization {
        case .time: "\(NumberText.fixed(value, digits: 4)) CPUs"
        case .total: "\(NumberText.fixed(value * 100, digits: 2)) %"
        }
    }

    /// With its sign.
    func signed(_ value: Double) -> String { (value > 0 ? "+" : "") + text(value) }

    /// `+0.1000 CPUs (95 %: +0.0800 CPUs to +0.1200 CPUs)`.
    func change(_ value: DiffValue) -> String {
        let noise = value.isSignificant ? "" : ", may be noise"
        return "\(signed(value.delta)) (95 %: \(signed(value.low)) to \(signed(value.high)))\(noise)"
    }
}

/// A page with the graph and the functions that changed.
enum DiffHTMLEncoder {
    /// Most rows of the table.
    static let rows = 200

    static func encode(_ document: DiffDocument) -> [UInt8] {
        let nonce = PageDocument.attribute(document.nonce)
        let changed = document.diff.functions.filter(\.isSignificant)
        let title = Markup.escape("Hearth: " + document.heading)
        let noise = document.diff.functions.count - changed.count
        let page = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <title>\(title)</title>
            <style\(nonce)>
            \(style)</style>
            </head>
            <body>
            \(DiffSVGEncoder.graph(document).element)
            <h2>What changed</h2>
            <p>\(changed.count) functions changed; \(noise) more differ no more than noise does.</p>
            \(table(changed, document.diff.normalization))
            </body>
            </html>

            """
        return Array(page.utf8)
    }

    private static func table(_ changed: [DiffFunction], _ normalization: DiffNormalization) -> String {
        let values = DiffText(normalization)
        var result = "<table><thead><tr><th>Function</th><th>Module</th>"
        for name in ["Self", "Total"] { result += "<th>\(name), base</th><th>\(name), to</th><th>Change</th>" }
        result += "</tr></thead><tbody>\n"
        for row in changed.prefix(rows) {
            result += "<tr><td>\(Markup.escape(row.function.name))</td><td>\(Markup.escape(row.function.module))</td>"
            for value in [row.own, row.total] {
                result += "<td>\(values.text(value.base))</td><td>\(values.text(value.value))</td>"
                result += "<td class=\"\(DiffSVGEncoder.classes(value, isGroup: false))\" "
                result += "title=\"\(values.change(value))\">\(values.signed(value.delta))</td>"
            }
            result += "</tr>\n"
        }
        return result + "</tbody></table>"
    }

    private static let style = """
        :root { color-scheme: light dark; }
        body { margin: 12px; font: 14px system-ui, "DejaVu Sans", sans-serif; }
        svg { max-width: 100%; height: auto; }
        table { border-collapse: collapse; font-size: 13px; }
        th, td { padding: 2px 10px 2px 0; text-align: right; white-space: nowrap; }
        th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left; }
        td:first-child { max-width: 60ch; overflow: hidden; text-overflow: ellipsis; }
        td.grew { color: #c0392b; } td.fell { color: #2c62b4; } td.same { opacity: .6; }
        @media (prefers-color-scheme: dark) { td.grew { color: #ff8a75; } td.fell { color: #82b1ff; } }

        """
}
