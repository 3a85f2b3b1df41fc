import Model

/// What the sampler delivered and the tables do not have yet. Only the sampler's thread fills it, so it never waits:
/// the tables take it over when their lock is free.
struct Inbox {
    /// A sampler that is held up longer than this waits for the lock after all: memory is bounded.
    static let maximumSamples = 4096

    private var contexts: [(number: UInt32, context: SampleContext)] = []
    private var retired: [ContextID] = []
    private var lost: [(count: UInt64, time: UInt64)] = []
    private var samples: [(sample: WalkedSample, end: Int)] = []
    private var frames: [FrameKey] = []
    private var nextContext: UInt32 = 0

    /// Whether no more should be kept back.
    var isFull: Bool { samples.count >= Self.maximumSamples }

    mutating func intern(_ context: SampleContext) -> ContextID {
        defer { nextContext &+= 1 }
        contexts.append((nextContext, context))
        return ContextID(rawValue: nextContext)
    }

    mutating func retire(_ id: ContextID) { retired.append(id) }

    mutating func add(_ sample: WalkedSample, frames keys: [FrameKey]) {
        frames.append(contentsOf: keys)
        samples.append((sample, frames.count))
    }

    mutating func addLost(_ count: UInt64, at time: UInt64) { lost.append((count, time)) }

    /// Moves everything into the tables, in the order in which it came, and keeps the room for the next time.
    mutating func deliver(to state: inout StoreState) {
        for (number, context) in contexts { state.contexts.insert(context, as: number) }
        var start = 0
        for (sample, end) in samples {
            state.add(sample, frames: frames[start..<end])
            start = end
        }
        for (count, time) in lost { state.addLost(count, at: time) }
        for id in retired { state.contexts.retire(id) }
        contexts.removeAll(keepingCapacity: true)
        samples.removeAll(keepingCapacity: true)
        frames.removeAll(keepingCapacity: true)
        lost.removeAll(keepingCapacity: true)
        retired.removeAll(keepingCapacity: true)
    }
}
