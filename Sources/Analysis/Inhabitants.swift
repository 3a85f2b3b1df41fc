public import Model

/// Who is in a profile: names of threads and processes, the busiest first.
public struct Inhabitants: Sendable {
    /// Names of threads; equal names are one.
    public let threads: [String]
    /// Processes with their names.
    public let processes: [(pid: Int32, name: String)]

    /// O(samples + contexts).
    ///
    /// - Parameter limit: most entries of each list.
    public init(_ profile: Profile, limit: Int) {
        var weights = [Double](repeating: 0, count: profile.contexts.count)
        for sample in profile.samples { weights[Int(sample.context)] += sample.weight }
        var threads: [String: Double] = [:]
        var processes: [Int32: (name: String, weight: Double)] = [:]
        for (context, weight) in zip(profile.contexts, weights) where weight > 0 {
            threads[context.thread, default: 0] += weight
            processes[context.process.pid, default: (context.comm, 0)].weight += weight
        }
        threads[""] = nil
        self.threads = threads.sorted { (-$0.value, $0.key) < (-$1.value, $1.key) }.prefix(limit).map(\.key)
        self.processes = processes.sorted { (-$0.value.weight, $0.key) < (-$1.value.weight, $1.key) }
            .prefix(limit).map { ($0.key, $0.value.name) }
    }
}
