import Model

/// Contexts by number. A number lives while the sampler uses it or a slot holds samples of it.
struct ContextTable {
    private(set) var contexts: [UInt32: SampleContext] = [:]
    private var retired: Set<UInt32> = []

    mutating func insert(_ context: SampleContext, as number: UInt32) { contexts[number] = context }

    mutating func retire(_ id: ContextID) { retired.insert(id.rawValue) }

    /// Forgets retired contexts without samples.
    mutating func prune(keeping used: Set<UInt32>) {
        for number in retired where !used.contains(number) {
            contexts[number] = nil
            retired.remove(number)
        }
    }

    /// Contexts of threads that are alive, as far as they were sampled.
    var living: [SampleContext] { contexts.filter { !retired.contains($0.key) }.map(\.value) }

    /// Retired ones, which the next pruning may free.
    var retiredCount: Int { retired.count }

    /// Bytes held, estimated: seven strings, most of them shared or short.
    var bytes: Int { contexts.capacity * 160 + retired.capacity * 8 }
}
