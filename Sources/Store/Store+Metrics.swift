public import Model
import Synchronization

extension Store: MetricSource {
    /// CPU time, stacks and hottest functions by target, and what has no name.
    public func collect() -> [MetricFamily] {
        let (targets, unnamed) = totals.withLock { ($0.targets, $0.unnamed) }
        var frames = MetricFamily(
            "hearth_frames_unnamed_total", .counter, help: "Samples whose leaf frame has no function name, by reason.")
        for reason in UnnamedReason.allCases {
            frames.add(Double(unnamed[reason] ?? 0), MetricLabel("reason", reason.rawValue))
        }
        return [Self.cpu(targets), Self.stacks(targets), Self.functions(targets), frames]
    }

    private static func cpu(_ targets: [String: TargetTotals.Totals]) -> MetricFamily {
        var family = MetricFamily(
            "hearth_target_cpu_seconds_total", .counter, help: "CPU time of a target by mode, from its samples.")
        for (name, totals) in targets.sorted(by: { $0.key < $1.key }) {
            let target = MetricLabel("target", name)
            family.add(totals.userNanoseconds / 1e9, target, MetricLabel("mode", "user"))
            family.add(totals.kernelNanoseconds / 1e9, target, MetricLabel("mode", "system"))
        }
        return family
    }

    private static func stacks(_ targets: [String: TargetTotals.Totals]) -> MetricFamily {
        var family = MetricFamily(
            "hearth_stacks_total", .counter, help: "Stacks of a target by how their walk ended.")
        for (name, totals) in targets.sorted(by: { $0.key < $1.key }) {
            for (index, end) in EndCode.labels.enumerated() {
                family.add(Double(totals.ends[index]), MetricLabel("target", name), MetricLabel("end", end))
            }
        }
        return family
    }

    private static func functions(_ targets: [String: TargetTotals.Totals]) -> MetricFamily {
        var family = MetricFamily(
            "hearth_target_function_cpu_seconds_total", .counter,
            help: "Self time of the hottest functions of a target; the rest is function=\"other\".")
        for (name, totals) in targets.sorted(by: { $0.key < $1.key }) {
            let target = MetricLabel("target", name)
            let series = totals.functions.series.sorted {
                ($0.name.function, $0.name.module) < ($1.name.function, $1.name.module)
            }
            for (function, nanoseconds) in series {
                family.add(
                    nanoseconds / 1e9, target, MetricLabel("function", function.function),
                    MetricLabel("module", function.module))
            }
            family.add(
                totals.functions.otherNanoseconds / 1e9, target, MetricLabel("function", "other"),
                MetricLabel("module", ""))
        }
        return family
    }
}
