import Analysis
import Model

/// The file format of speedscope (https://www.speedscope.app/file-format-schema.json), one sampled profile.
enum SpeedscopeEncoder {
    static func encode(_ document: ProfileDocument) -> [UInt8] {
        let tree = FlameTree(document.profile, title: document.target, levels: document.levels, maximumNodes: .max)
        let stacks = tree.nodes.indices.filter { tree.nodes[$0].selfWeight > 0 }
        let inlined = Array(Set(tree.nodes.filter(\.inlined).map(\.function))).sorted()
        var json = JSONWriter()
        json.object {
            $0.field("$schema", "https://www.speedscope.app/file-format-schema.json")
            $0.field("exporter", "hearth")
            $0.field("name", document.title)
            $0.field("activeProfileIndex", 0)
            $0.object("shared") { writeFrames(tree, inlined, to: &$0) }
            $0.array("profiles") { profiles in
                profiles.object { writeProfile(document, tree, inlined, stacks, to: &$0) }
            }
            TruthJSON.write(document.profile, to: &$0)
        }
        return json.bytes
    }

    /// Each function, and those that were inlined once more with a mark.
    private static func writeFrames(_ tree: FlameTree, _ inlined: [Int32], to json: inout JSONWriter) {
        json.array("frames") {
            for function in tree.functions { writeFrame(function, suffix: "", to: &$0) }
            for number in inlined { writeFrame(tree.functions[Int(number)], suffix: " [inlined]", to: &$0) }
        }
    }

    private static func writeFrame(_ function: Function, suffix: String, to json: inout JSONWriter) {
        json.object {
            $0.field("name", (function.kind == .kernel ? function.name + " [kernel]" : function.name) + suffix)
            if !function.module.isEmpty { $0.field("file", function.module) }
        }
    }

    private static func writeProfile(
        _ document: ProfileDocument, _ tree: FlameTree, _ inlined: [Int32], _ stacks: [Int], to json: inout JSONWriter
    ) {
        let marked = Dictionary(
            uniqueKeysWithValues: inlined.enumerated().map { ($1, Int32(tree.functions.count + $0)) })
        let weights = stacks.map { NumberText.rounded(tree.nodes[$0].selfWeight) }
        json.field("type", "sampled")
        json.field("name", document.title)
        json.field("unit", "nanoseconds")
        json.field("startValue", 0)
        let end: Int64 = weights.reduce(0) { $0.addingReportingOverflow($1).partialValue }
        json.field("endValue", end)
        json.array("samples") {
            for stack in stacks {
                $0.array { list in
                    for frame in path(to: stack, in: tree, marked) { list.value(frame) }
                }
            }
        }
        json.array("weights") { list in
            for weight in weights { list.value(weight) }
        }
    }

    /// Root first, without the node that stands for the whole.
    private static func path(to node: Int, in tree: FlameTree, _ marked: [Int32: Int32]) -> [Int32] {
        var path: [Int32] = []
        var node = node
        while node > 0 {
            let function = tree.nodes[node].function
            path.append(tree.nodes[node].inlined ? marked[function] ?? function : function)
            node = Int(tree.nodes[node].parent)
        }
        return path.reversed()
    }
}
