import Analysis
import Model

/// The file format of speedscope (https://www.speedscope.app/file-format-schema.json), one sampled profile.
enum SpeedscopeEncoder {
    static func encode(_ document: ProfileDocument) -> [UInt8] {
        let tree = FlameTree(document.profile, title: document.target, levels: document.levels, maximumNodes: .max)
        let stacks = tree.nodes.indices.filter { tree.nodes[$0].selfWeight > 0 }
        var json = JSONWriter()
        json.object {
            $0.field("$schema", "https://www.speedscope.app/file-format-schema.json")
            $0.field("exporter", "hearth")
            $0.field("name", document.title)
            $0.field("activeProfileIndex", 0)
            $0.object("shared") { writeFrames(tree, to: &$0) }
            $0.array("profiles") { profiles in
                profiles.object { writeProfile(document, tree, stacks, to: &$0) }
            }
            TruthJSON.write(document.profile, to: &$0)
        }
        return json.bytes
    }

    private static func writeFrames(_ tree: FlameTree, to json: inout JSONWriter) {
        json.array("frames") {
            for function in tree.functions {
                $0.object {
                    $0.field("name", function.kind == .kernel ? function.name + " [kernel]" : function.name)
                    if !function.module.isEmpty { $0.field("file", function.module) }
                }
            }
        }
    }

    private static func writeProfile(
        _ document: ProfileDocument, _ tree: FlameTree, _ stacks: [Int], to json: inout JSONWriter
    ) {
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
                    for function in path(to: stack, in: tree) { list.value(function) }
                }
            }
        }
        json.array("weights") { list in
            for weight in weights { list.value(weight) }
        }
    }

    /// Root first, without the node that stands for the whole.
    private static func path(to node: Int, in tree: FlameTree) -> [Int32] {
        var path: [Int32] = []
        var node = node
        while node > 0 {
            path.append(tree.nodes[node].function)
            node = Int(tree.nodes[node].parent)
        }
        return path.reversed()
    }
}
