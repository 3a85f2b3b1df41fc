/// Bounds the share of time that a costly kind of work may take: it grows with time up to a burst, what was used is
/// taken off, and work may start while something is left.
struct TimeAllowance {
    /// Time in ns that grows for each ns that passes.
    private let share: Double
    private let burst: Double
    private var left: Double
    private var last: UInt64?

    /// - Parameters:
    ///   - share: 0…1.
    ///   - burst: most that is saved up, in ns.
    init(share: Double, burst: Double) {
        self.share = share
        self.burst = burst
        left = burst
    }

    /// Whether work may start at a time (CLOCK_MONOTONIC ns).
    mutating func mayStart(at now: UInt64) -> Bool {
        if let last, now > last { left = min(burst, left + Double(now - last) * share) }
        last = max(last ?? now, now)
        return left > 0
    }

    /// Takes off what work took, in ns.
    mutating func use(_ nanoseconds: UInt64) { left -= Double(nanoseconds) }
}
