public import Model

/// What the sampler counts; read by the self metrics.
public final class SamplerCounters: Sendable {
    /// Samples taken out of the rings.
    public let samples = EventCounter()
    /// Samples of targets that a rule excludes.
    public let excluded = EventCounter()
    /// Records that came with a time before one already used, in another ring.
    public let late = EventCounter()
    /// Drains of the rings.
    public let drains = EventCounter()
    /// Stacks that are deeper than their dump.
    public let deep = DeepStackCounters()
    private let lost: [EventCounter]
    private let throttled: [EventCounter]
    private let broken: [EventCounter]
    /// The CPUs, in the order of the counters.
    public let cpus: [Int32]

    /// All zero; without CPUs where nothing is sampled.
    public init(cpus: [Int32]) {
        self.cpus = cpus
        lost = cpus.map { _ in EventCounter() }
        throttled = cpus.map { _ in EventCounter() }
        broken = BrokenReason.allCases.map { _ in EventCounter() }
    }

    func addLost(_ count: UInt64, lane: Int) { lost[lane].add(count) }
    func addThrottled(lane: Int) { throttled[lane].add() }
    func addBroken(_ reason: BrokenReason) {
        if let index = BrokenReason.allCases.firstIndex(of: reason) { broken[index].add() }
    }

    /// Records lost for want of room, by CPU.
    public var lostByCPU: [(cpu: Int32, count: UInt64)] { zip(cpus, lost).map { ($0, $1.value) } }
    /// Times that the kernel throttled the event, by CPU.
    public var throttledByCPU: [(cpu: Int32, count: UInt64)] { zip(cpus, throttled).map { ($0, $1.value) } }
    /// Stacks that broke, by reason.
    public var brokenByReason: [(reason: BrokenReason, count: UInt64)] {
        zip(BrokenReason.allCases, broken).map { ($0, $1.value) }
    }
}
