public import Model
import Synchronization

/// Holds the samples of the last minutes in memory: stacks interned in a trie, one slot a second.
///
/// The sampler's thread fills it, one thread names its frames, any thread asks. Questions copy references under the
/// lock and compute outside of it.
public final class Store: Sendable {
    let state = Mutex(StoreState())
    /// Taken by the sampler's thread alone, so never waited for; always inside of `state`'s lock where both are held.
    private let inbox = Mutex(Inbox())
    let modules = Mutex<[ModuleID: ModuleInfo]>([
        .unknown: ModuleInfo(kind: .unknown, path: "[unknown]", buildID: ""),
        .kernel: ModuleInfo(kind: .kernel, path: "[kernel]", buildID: ""),
        .marker: ModuleInfo(kind: .marker, path: "[hearth]", buildID: ""),
    ])
    let totals = Mutex(TargetTotals())
    let time: any TimeSource
    let retention: UInt64
    private let budget: StageBudget
    private let slotClosed: @Sendable () -> Void

    /// - Parameters:
    ///   - retention: how long slots are kept, ns.
    ///   - slotClosed: called on the sampler's thread when frames wait for their names.
    public init(
        retention: UInt64, budget: StageBudget, time: any TimeSource, slotClosed: @escaping @Sendable () -> Void
    ) {
        self.retention = retention
        self.budget = budget
        self.time = time
        self.slotClosed = slotClosed
    }

    /// Makes the name of a module known to readers.
    public func setModule(_ id: ModuleID, _ info: ModuleInfo) { modules.withLock { $0[id] = info } }
}

extension Store: SampleSink {
    /// Gives the context a number of its own, also if it is known already.
    public func intern(_ context: SampleContext) -> ContextID { inbox.withLock { $0.intern(context) } }

    /// The number is free once no slot holds samples of it.
    public func retire(_ context: ContextID) { inbox.withLock { $0.retire(context) } }

    /// Takes the sample; it is counted in the slot that is open at the next `advance`.
    public func add(_ sample: WalkedSample, frames: [FrameKey]) {
        let isFull = inbox.withLock { inbox in
            inbox.add(sample, frames: frames)
            return inbox.isFull
        }
        if isFull { deliver() }
    }

    /// Counts losses in the slot that is open.
    public func addLost(_ count: UInt64, at time: UInt64) { inbox.withLock { $0.addLost(count, at: time) } }

    /// Delivers what came, closes the slot that ended before `time`, then keeps the bounds of age and memory. Does
    /// nothing while a reader holds the tables: the next call does it.
    public func advance(to time: UInt64) {
        let closed = state.withLockIfAvailable { state in
            inbox.withLock { $0.deliver(to: &state) }
            let closed = state.advance(to: time)
            if closed { state.enforce(retention: retention, budget: budget.limitBytes, now: time) }
            budget.usedBytes = state.bytes
            return closed
        }
        if closed == true { slotClosed() }
    }

    private func deliver() { state.withLock { state in inbox.withLock { $0.deliver(to: &state) } } }
}

extension Store {
    /// Frames that wait for a name; each is given out once.
    public func takeUnnamed() -> (frames: [FrameKey], until: UInt64) {
        state.withLock { ($0.frames.takeUnnamed(), $0.slots.last?.end ?? 0) }
    }

    /// Sets names, also in place of earlier ones; frames that are gone meanwhile are passed over.
    public func setNames(_ names: [(frame: FrameKey, name: FrameName)]) {
        state.withLock { state in
            for (frame, name) in names { state.frames.setName(name, of: frame) }
        }
    }

    /// All frames of slots that end at or before `until` have their names: counts them into the totals of the targets.
    public func publish(until: UInt64) {
        let (snapshot, fresh) = state.withLock { state in
            let fresh = state.slots.filter { $0.end > state.namedUntil && $0.end <= until }
            state.namedUntil = max(state.namedUntil, until)
            return (Snapshot(state), fresh)
        }
        let names = modules.withLock { $0 }
        totals.withLock { totals in
            for slot in fresh { totals.add(slot, snapshot: snapshot, modules: names) }
        }
    }

    /// Closes the slot that is being filled, at the end of sampling.
    public func flush() {
        deliver()
        state.withLock { $0.flush() }
    }

    /// Slots dropped before their time, and rebuilds of the tables, since the start.
    public var maintenance: (droppedForSpace: UInt64, compactions: UInt64) {
        state.withLock { ($0.droppedForSpace, $0.compactions) }
    }

    /// Sizes of the tables.
    public var sizes: (frames: Int, nodes: Int, slots: Int, contexts: Int) {
        state.withLock { ($0.frames.count, $0.trie.count, $0.slots.count, $0.contexts.contexts.count) }
    }
}

/// References to the tables at one moment.
struct Snapshot {
    let keys: [FrameKey]
    let names: [FrameName]
    let nodes: [StackNode]
    let contexts: [UInt32: SampleContext]
    let slots: [Slot]

    init(_ state: borrowing StoreState) {
        keys = state.frames.keys
        names = state.frames.names
        nodes = state.trie.nodes
        contexts = state.contexts.contexts
        slots = state.slots
    }
}
