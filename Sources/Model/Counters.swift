import Synchronization

/// A counter that one thread adds to and any thread reads.
public final class EventCounter: Sendable {
    private let count = Atomic<UInt64>(0)
    /// Starts at 0.
    public init() {}

    /// The total so far.
    public var value: UInt64 { count.load(ordering: .relaxed) }

    /// Adds to the total.
    public func add(_ amount: UInt64 = 1) { count.wrappingAdd(amount, ordering: .relaxed) }
}
