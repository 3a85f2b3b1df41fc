import Analysis
import Model

/// The merged tree with names, as the page draws it.
///
/// `functions`: `[name, module, kind]`; `nodes`: `[parent, function, weight, self weight, count, self count, inlined]`,
/// depth first, node 0 is the whole; `hot`: `[name, module, kind, self weight, total weight, self count, total count]`;
/// `threads`: names, `processes`: `[pid, name]`, the busiest first.
enum JSONProfileEncoder {
    /// Rows of the table of the hottest functions.
    static let hotRows = 100
    /// Threads and processes that are listed.
    static let inhabitants = 50

    static func encode(_ document: ProfileDocument) -> [UInt8] {
        var json = JSONWriter()
        write(document, to: &json)
        return json.bytes
    }

    static func write(_ document: ProfileDocument, to json: inout JSONWriter) {
        let tree = document.flameTree()
        let hot = HotPaths.functions(of: document.profile, limit: hotRows)
        json.object {
            $0.field("format", "hearth-profile-1")
            $0.field("target", document.target)
            $0.field("kind", document.profile.kind.rawValue)
            TruthJSON.write(document.profile, to: &$0)
            $0.object("dropped") {
                $0.field("nodes", tree.droppedNodes)
                $0.field("minimum_share", tree.minimumShare)
            }
            writeFunctions(tree.functions, to: &$0)
            writeNodes(tree.nodes, to: &$0)
            writeHot(hot, to: &$0)
            writeInhabitants(of: document.profile, to: &$0)
        }
    }

    private static func writeInhabitants(of profile: Profile, to json: inout JSONWriter) {
        let found = Inhabitants(profile, limit: inhabitants)
        json.array("threads") { list in
            for thread in found.threads { list.value(thread) }
        }
        json.array("processes") { list in
            for process in found.processes {
                list.array {
                    $0.value(process.pid)
                    $0.value(process.name)
                }
            }
        }
    }

    private static func writeFunctions(_ functions: [Function], to json: inout JSONWriter) {
        json.array("functions") {
            for function in functions {
                $0.array {
                    $0.value(function.name)
                    $0.value(function.module)
                    $0.value(function.kind.rawValue)
                }
            }
        }
    }

    private static func writeNodes(_ nodes: [FlameTree.Node], to json: inout JSONWriter) {
        json.array("nodes") {
            for node in nodes {
                $0.array {
                    $0.value(node.parent)
                    $0.value(node.function)
                    $0.value(NumberText.rounded(node.weight))
                    $0.value(NumberText.rounded(node.selfWeight))
                    $0.value(node.count)
                    $0.value(node.selfCount)
                    $0.value(node.inlined ? 1 : 0)
                }
            }
        }
    }

    private static func writeHot(_ hot: [HotFunction], to json: inout JSONWriter) {
        json.array("hot") {
            for row in hot {
                $0.array {
                    $0.value(row.function.name)
                    $0.value(row.function.module)
                    $0.value(row.function.kind.rawValue)
                    $0.value(NumberText.rounded(row.selfWeight))
                    $0.value(NumberText.rounded(row.totalWeight))
                    $0.value(row.selfCount)
                    $0.value(row.totalCount)
                }
            }
        }
    }
}
