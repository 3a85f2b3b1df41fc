import Analysis
import Model

/// A diff as `/api/v1/diff` answers it.
///
/// `base` and `to`: `target`, `truth` with the bounds, `seconds`, `weight` in nanoseconds, and `parts`, the parts of the
/// window that the intervals come from (0: from the number of samples). `unit` is that of every value: `cpus` (CPU
/// seconds per second) or `share`. `functions`: those that differ, the significant ones first, `delta_…_low` and
/// `delta_…_high` the bounds of the 95 % interval, `adjusted_…` the p-value adjusted by Benjamini and Hochberg.
/// `names`: `[name, module, kind]`; `nodes`:
/// `[parent, name, base, value, base self, self, low, high, significant, inlined, base samples, samples]`, depth first,
/// node 0 is the whole; low and high bound `value − base`.
enum DiffJSONEncoder {
    /// Most functions that are listed.
    static let functionRows = 1_000

    static func encode(_ document: DiffDocument) -> [UInt8] {
        var json = JSONWriter()
        let diff = document.diff
        json.object {
            $0.field("format", "hearth-diff-1")
            $0.object("base") { write(diff.base, document.base, document.baseTitle, to: &$0) }
            $0.object("to") { write(diff.to, document.to, document.title, to: &$0) }
            $0.field("kind", document.to.kind.rawValue)
            $0.field("normalize", diff.normalization.rawValue)
            $0.field("unit", diff.normalization.unit)
            $0.field("confidence", Significance.confidence)
            $0.field("false_discovery_rate", Significance.falseDiscoveryRate)
            $0.field("dropped_nodes", diff.droppedNodes)
            $0.field("differing_functions", diff.functions.count)
            writeFunctions(diff, to: &$0)
            writeNames(diff, to: &$0)
            writeNodes(diff, to: &$0)
        }
        return json.bytes
    }

    private static func write(_ side: DiffSide, _ profile: Profile, _ title: String, to json: inout JSONWriter) {
        json.field("target", title)
        TruthJSON.write(profile, to: &json)
        json.field("seconds", short(side.seconds))
        json.field("weight", NumberText.rounded(side.weight))
        json.field("parts", side.parts)
    }

    private static func writeFunctions(_ diff: Diff, to json: inout JSONWriter) {
        let rows = diff.functions.filter(\.isSignificant) + diff.functions.filter { !$0.isSignificant }
        json.array("functions") { list in
            for row in rows.prefix(functionRows) { list.object { write(row, to: &$0) } }
        }
    }

    private static func write(_ row: DiffFunction, to json: inout JSONWriter) {
        json.field("function", row.function.name)
        json.field("module", row.function.module)
        json.field("kind", row.function.kind.rawValue)
        json.field("base_self", short(row.own.base))
        json.field("self", short(row.own.value))
        json.field("base_total", short(row.total.base))
        json.field("total", short(row.total.value))
        json.field("delta_self", short(row.own.delta))
        json.field("delta_self_low", short(row.own.low))
        json.field("delta_self_high", short(row.own.high))
        json.field("delta_total", short(row.total.delta))
        json.field("delta_total_low", short(row.total.low))
        json.field("delta_total_high", short(row.total.high))
        json.field("adjusted_self", row.own.adjusted)
        json.field("adjusted_total", row.total.adjusted)
        json.field("significant", row.isSignificant)
    }

    private static func writeNames(_ diff: Diff, to json: inout JSONWriter) {
        json.array("names") { list in
            for name in diff.names {
                list.array {
                    $0.value(name.name)
                    $0.value(name.module)
                    $0.value(name.kind.rawValue)
                }
            }
        }
    }

    private static func writeNodes(_ diff: Diff, to json: inout JSONWriter) {
        json.array("nodes") { list in
            for node in diff.nodes {
                list.array {
                    $0.value(node.parent)
                    $0.value(node.function)
                    for value in [
                        node.total.base, node.total.value, node.ownBase, node.ownValue, node.total.low, node.total.high,
                    ] { $0.value(short(value)) }
                    $0.value(node.total.isSignificant ? 1 : 0)
                    $0.value(node.inlined ? 1 : 0)
                    $0.value(node.baseCount)
                    $0.value(node.count)
                }
            }
        }
    }

    /// Nine digits after the point: a nanosecond of a CPU.
    private static func short(_ value: Double) -> Double { (value * 1e9).rounded() / 1e9 }
}
