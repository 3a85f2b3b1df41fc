/// What the exporter asks of the rest; the daemon connects it to the store.
public protocol ProfileSource: Sendable {
    /// All targets with at least one process or one sample in memory, the busiest first.
    func targets() -> [TargetSummary]
    /// The profile of a window. Answers from what is stored; never waits for a sample.
    func profile(_ query: ProfileQuery) throws(QueryError) -> Profile
    /// Bounds of what is in memory, nanoseconds since the Unix epoch; `newest` is the end of the last closed slot,
    /// which has its names. Both 0 before the first slot is closed.
    var extent: (oldest: Int64, newest: Int64) { get }
}

/// A producer of metrics, asked at each scrape.
public protocol MetricSource: Sendable {
    func collect() -> [MetricFamily]
}

/// Whether the daemon is alive and able to answer.
public protocol HealthSource: Sendable {
    /// `nil` when alive, else what is wrong.
    var unhealthy: String? { get }
    /// `nil` when ready to answer, else what is missing.
    var unready: String? { get }
}

/// Where time comes from, so that tests can hold it.
public protocol TimeSource: Sendable {
    /// Nanoseconds of CLOCK_MONOTONIC: the clock of the samples.
    func monotonic() -> UInt64
    /// Nanoseconds since the Unix epoch.
    func wall() -> Int64
}

/// Where the sampler delivers; called on its thread only.
public protocol SampleSink: AnyObject, Sendable {
    /// Interns a context; the identifier is valid until it is retired.
    func intern(_ context: SampleContext) -> ContextID
    /// The sampler will not use the identifier again.
    func retire(_ context: ContextID)
    /// Takes one sample.
    ///
    /// - Parameter frames: leaf first.
    func add(_ sample: WalkedSample, frames: [FrameKey])
    /// Notes samples that were lost at about a time (CLOCK_MONOTONIC ns).
    func addLost(_ count: UInt64, at time: UInt64)
    /// No sample with an earlier time will come.
    func advance(to time: UInt64)
}

/// A sample after its stack was walked.
public struct WalkedSample: Hashable, Sendable {
    /// What the weight measures.
    public var kind: SampleKind
    /// CLOCK_MONOTONIC ns.
    public var time: UInt64
    /// Where it was taken.
    public var context: ContextID
    /// How the walk of its stack ended.
    public var end: StackEnd
    /// What the sample stands for, in the unit of its kind.
    public var weight: Double

    /// Everything about one sample but its frames.
    public init(kind: SampleKind, time: UInt64, context: ContextID, end: StackEnd, weight: Double) {
        self.kind = kind
        self.time = time
        self.context = context
        self.end = end
        self.weight = weight
    }
}
