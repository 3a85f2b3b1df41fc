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
