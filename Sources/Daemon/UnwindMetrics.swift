import Model
import Unwinder

extension UnwindCounters {
    /// What unwinding says about itself.
    var families: [MetricFamily] { [cacheFamily, fallbackFamily, disagreementFamily] + plainFamilies }

    private var plainFamilies: [MetricFamily] {
        [
            .single(
                "hearth_unwind_frames_total", .counter, help: "Frames found by unwind rules.", Double(frames.value)),
            .single(
                "hearth_unwind_wide_total", .counter,
                help: "Stacks whose rules needed more than three registers.", Double(wide.value)),
            .single(
                "hearth_unwind_verified_total", .counter,
                help: "Stacks that were walked by libunwind as well.", Double(verified.value)),
        ]
    }

    private var cacheFamily: MetricFamily {
        var family = MetricFamily(
            "hearth_unwind_cache_total", .counter, help: "Look-ups of unwind rules, by what answered them.")
        let counts = [
            ("hit", hits), ("shared", shared.value), ("decoded", decoded.value), ("foreign", foreign.value),
            ("unreadable", unreadable.value),
        ]
        for (result, count) in counts { family.add(Double(count), MetricLabel("result", result)) }
        return family
    }

    private var fallbackFamily: MetricFamily {
        var family = MetricFamily(
            "hearth_unwind_fallbacks_total", .counter, help: "Stacks that libunwind walked instead, by reason.")
        for (reason, count) in fallbacksByReason { family.add(Double(count), MetricLabel("reason", reason.rawValue)) }
        return family
    }

    private var disagreementFamily: MetricFamily {
        var family = MetricFamily(
            "hearth_unwind_disagreements_total", .counter,
            help: "Verified stacks that libunwind walked differently, by how.")
        for (reason, count) in disagreementsByReason {
            family.add(Double(count), MetricLabel("reason", reason.rawValue))
        }
        return family
    }
}
