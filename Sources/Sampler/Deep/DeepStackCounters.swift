public import Model
import Synchronization

/// What was done about stacks that are deeper than their dump; read by the self metrics.
public final class DeepStackCounters: Sendable {
    /// Completed by a walk over the dump and what was read above it.
    public let rewalked = EventCounter()
    /// Completed by the outer frames of the thread's last whole stack, proven by what was read.
    public let spliced = EventCounter()
    /// Left truncated: the walk did not reach the root.
    public let noRoot = EventCounter()
    /// Left truncated: what was read contradicted the thread's last stack, or the next reading.
    public let contradicted = EventCounter()
    /// Left truncated: readings of the thread's memory were disturbed too often lately.
    public let restless = EventCounter()
    /// Left truncated: completing took its share of time already.
    public let overBudget = EventCounter()
    private let refused = TailBuffer.Refusal.allCases.map { _ in EventCounter() }
    /// Bytes read above dumps, and to prove them.
    public let bytesRead = EventCounter()
    /// Calls of process_vm_readv.
    public let reads = EventCounter()
    /// Times that a ring was switched to wake-ups at each sample.
    public let switches = EventCounter()
    private let held = Atomic<Int>(0)

    /// All zero.
    public init() {}

    func add(_ refusal: TailBuffer.Refusal) {
        if let index = TailBuffer.Refusal.allCases.firstIndex(of: refusal) { refused[index].add() }
    }

    func addRead(bytes: Int, calls: Int) {
        bytesRead.add(UInt64(bytes))
        reads.add(UInt64(calls))
    }

    func setBytes(_ bytes: Int) { held.store(bytes, ordering: .relaxed) }

    /// Bytes of memory held.
    public var heldBytes: Int { held.load(ordering: .relaxed) }

    /// Deep stacks by what came of them: the value of the metric label `outcome`.
    public var byOutcome: [(outcome: String, count: UInt64)] {
        [
            ("read", rewalked.value), ("spliced", spliced.value), ("no_root", noRoot.value),
            ("contradicted", contradicted.value), ("restless", restless.value), ("over_budget", overBudget.value),
        ] + zip(TailBuffer.Refusal.allCases, refused).map { ($0.rawValue, $1.value) }
    }
}
