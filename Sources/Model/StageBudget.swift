import Synchronization

/// A stage of the pipeline, as a label of `hearth_cpu_seconds_total{stage}`.
public enum Stage: String, Sendable, CaseIterable {
    case sampler, unwind, symbols, store, export, collect
}

/// What a stage may use and what it uses. Every stage holds one from the start; a governor changes the limits while
/// the stage runs, the self metrics read the use.
public final class StageBudget: Sendable {
    /// The stage that the budget belongs to.
    public let stage: Stage
    private let limit: Atomic<Int>
    private let used = Atomic<Int>(0)
    private let cpu = Atomic<UInt64>(0)

    /// - Parameter bytes: memory that the stage may hold in its caches and tables.
    public init(_ stage: Stage, bytes: Int) {
        self.stage = stage
        limit = Atomic(bytes)
    }

    /// Bytes that the stage may hold.
    public var limitBytes: Int {
        get { limit.load(ordering: .relaxed) }
        set { limit.store(newValue, ordering: .relaxed) }
    }

    /// Bytes that the stage holds now, as it counts them itself.
    public var usedBytes: Int {
        get { used.load(ordering: .relaxed) }
        set { used.store(newValue, ordering: .relaxed) }
    }

    /// CPU time that the stage has used, in nanoseconds.
    public var cpuNanoseconds: UInt64 { cpu.load(ordering: .relaxed) }

    /// Adds CPU time.
    public func charge(cpuNanoseconds nanoseconds: UInt64) {
        cpu.wrappingAdd(nanoseconds, ordering: .relaxed)
    }
}
