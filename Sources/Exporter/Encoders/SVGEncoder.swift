import Analysis
import Model

/// The flame graph of a profile as a file.
enum SVGEncoder {
    /// Most frames drawn: more only make the file heavy.
    static let maximumNodes = 6_000

    static func encode(_ document: ProfileDocument) -> [UInt8] {
        let tree = FlameTree(
            document.profile, title: document.target, levels: document.levels, maximumNodes: maximumNodes)
        let graph = SVGGraph(
            title: "Hearth: " + document.title, lines: [window(document.profile), truth(document.profile)],
            frames: tree.nodes[0].weight > 0 ? tree.nodes.map { frame($0, tree) } : [], footer: footer(tree),
            nonce: document.nonce)
        return Array(graph.document.utf8)
    }

    private static func window(_ profile: Profile) -> String {
        "\(Timestamp.rfc3339(profile.startTime)) to \(Timestamp.rfc3339(profile.endTime)), "
            + "mean period \(TimeSpan.precise(Double(profile.period)))"
    }

    private static func truth(_ profile: Profile) -> String {
        profile.truth.fields.map { "\($0.value) \($0.name)" }.joined(separator: " · ")
    }

    private static func footer(_ tree: FlameTree) -> String {
        guard tree.droppedNodes > 0 else { return "Click a frame to zoom; Escape resets." }
        let share = NumberText.fixed(tree.minimumShare * 100, digits: 3)
        return "Click a frame to zoom; Escape resets. \(tree.droppedNodes) frames of at most \(share) % are left out."
    }

    private static func frame(_ node: FlameTree.Node, _ tree: FlameTree) -> SVGGraph.Frame {
        let function = tree.functions[Int(node.function)]
        let colour = function.kind == .native && node.inlined ? "inlined" : function.kind.rawValue
        return SVGGraph.Frame(
            name: function.name, classes: "\(colour) s\(shade(function))",
            facts: facts(node, function, of: tree.nodes[0].weight), depth: Int(node.depth), parent: Int(node.parent),
            share: node.weight / tree.nodes[0].weight)
    }

    private static func facts(_ node: FlameTree.Node, _ function: Function, of whole: Double) -> String {
        func part(_ weight: Double) -> String {
            "\(TimeSpan.precise(weight)) (\(NumberText.fixed(weight / whole * 100, digits: 2)) %)"
        }
        let origin =
            function.kind == .group ? "" : (node.inlined ? "inlined, " : "") + Markup.escape(function.module) + "\n"
        return origin + "total \(part(node.weight)), \(node.count) samples\n"
            + "self \(part(node.selfWeight)), \(node.selfCount) samples"
    }

    /// One of four shades, the same for a function everywhere.
    private static func shade(_ function: Function) -> UInt32 {
        let text = (function.kind == .group ? "" : function.module) + function.name
        return text.utf16.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) } & 3
    }
}
