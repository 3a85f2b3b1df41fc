import Model
import Store

/// Fills a store with samples of known shape, so that what one more sample costs can be counted from outside.
enum StoreFill {
    static let distinctStacks = 1000
    static let depth = 30
    static let samplesPerSecond = 1000

    /// A clock that stands still: nothing here depends on it.
    struct StoppedClock: TimeSource {
        func monotonic() -> UInt64 { 0 }
        func wall() -> Int64 { 0 }
    }

    /// Inserts samples after each stack was seen once. Prints the bytes of one distinct stack.
    static func run(samples: Int) {
        let budget = StageBudget(.store, bytes: 1 << 30)
        let store = Store(retention: 3_600_000_000_000, budget: budget, time: StoppedClock(), slotClosed: {})
        let context = store.intern(
            SampleContext(target: "bench", process: ProcessKey(pid: 1, start: 1), tid: 1, thread: "a", comm: "a"))
        let stacks = (0..<distinctStacks).map(stack)
        store.advance(to: 0)
        let empty = budget.usedBytes
        for sample in 0..<(distinctStacks + samples) {
            let time = UInt64(sample) * 1_000_000_000 / UInt64(samplesPerSecond)
            if sample % samplesPerSecond == 0 { store.advance(to: time) }
            if sample == distinctStacks { print((budget.usedBytes - empty) / distinctStacks) }
            store.add(
                WalkedSample(kind: .cpu, time: time, context: context, end: .complete, weight: 1),
                frames: stacks[sample % distinctStacks])
        }
    }

    /// Leaf first: the inner half is the stack's own, the outer half is shared by all.
    private static func stack(_ number: Int) -> [FrameKey] {
        (0..<depth).map { level in
            let own = level < depth / 2 ? number * depth : 0
            return FrameKey(module: ModuleID(rawValue: 16 + UInt32(level % 4)), address: UInt64(own + level) * 64)
        }
    }
}
