import Model

/// Gathers the rows of `hearth targets`.
struct TargetSummaries {
    private struct Row {
        var summary: TargetSummary
        var pids: Set<Int32> = []
        var weightByPid: [Int32: Double] = [:]
        var weight = 0.0
        var samples = 0
        var whole = 0
    }

    private var rows: [String: Row] = [:]

    /// - Parameter living: contexts of threads that are alive.
    init(living: [SampleContext]) {
        for context in living where context.process.pid > 0 {
            touch(context)
            rows[context.target]?.pids.insert(context.process.pid)
        }
    }

    private mutating func touch(_ context: SampleContext) {
        if rows[context.target] == nil {
            var summary = TargetSummary(name: context.target)
            summary.unit = context.unit
            summary.container = context.container
            summary.executable = context.executable
            summary.runtime = context.runtime
            rows[context.target] = Row(summary: summary)
        }
    }

    mutating func add(_ slot: Slot, contexts: [UInt32: SampleContext]) {
        for entry in slot.entries {
            guard let context = contexts[entry.key.context] else { continue }
            touch(context)
            rows[context.target]?.weight += entry.weight
            rows[context.target]?.samples += Int(entry.count)
            rows[context.target]?.whole += entry.key.end <= 1 ? Int(entry.count) : 0
            rows[context.target]?.weightByPid[context.process.pid, default: 0] += entry.weight
        }
    }

    /// All rows, the busiest first.
    consuming func finish(seconds: Int) -> [TargetSummary] {
        let span = Double(max(1, seconds))
        return rows.values.map { row in
            var summary = row.summary
            summary.processes = row.pids.count
            summary.cpus = row.weight / (span * 1e9)
            summary.samplesPerSecond = Double(row.samples) / span
            summary.completeShare = row.samples == 0 ? 1 : Double(row.whole) / Double(row.samples)
            let byWeight = row.pids.sorted { row.weightByPid[$0, default: 0] > row.weightByPid[$1, default: 0] }
            summary.pids = Array(byWeight.prefix(16))
            return summary
        }.sorted { ($0.cpus, $1.name) > ($1.cpus, $0.name) }
    }
}
