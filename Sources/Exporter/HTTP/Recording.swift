/// A window that is not over yet: what to do at each look at the store.
struct Recording: Sendable {
    /// What comes next.
    enum Step: Equatable { case wait, done, stalled }

    /// End of the window in nanoseconds since the Unix epoch.
    let end: Int64
    private var newest: Int64 = .min
    private var advanced: UInt64

    /// A store that closes no slot for so long will not: nanoseconds.
    static let patience: UInt64 = 10_000_000_000

    /// - Parameter now: the monotonic clock.
    init(until end: Int64, now: UInt64) {
        self.end = end
        advanced = now
    }

    /// - Parameters:
    ///   - newest: end of the last closed slot.
    ///   - now: the monotonic clock.
    mutating func step(newest: Int64, now: UInt64) -> Step {
        if newest >= end { return .done }
        if newest > self.newest {
            self.newest = newest
            advanced = now
        }
        return now >= advanced && now - advanced > Self.patience ? .stalled : .wait
    }
}
