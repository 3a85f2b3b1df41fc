/// The sampling period of one CPU over time, and what each sample stands for.
///
/// A fixed period lies about programs that are in step with it, so the period changes a few times a second. Each change
/// restarts the kernel's timer (kernel/events/core.c, `__perf_event_period` sets `period_left` to 0): the time since the
/// last tick would be lost. It is given to the first tick after the change instead, so that every sample weighs exactly
/// the time since the tick before it and the sum of all weights is the time that passed.
struct PeriodSchedule {
    private struct Epoch {
        /// When the period came into force, CLOCK_MONOTONIC ns.
        var start: UInt64
        var period: UInt64
        /// Time between the last tick before the change and the change.
        var carried: UInt64

        func weight(at time: UInt64) -> UInt64 {
            let isFirstTick = time &- start < period &+ period / 2
            return isFirstTick ? period &+ carried : period
        }
    }

    private var current: Epoch
    private var previous: Epoch?
    /// The period that the jitter is around.
    let nominal: UInt64
    private let jitter: Double

    /// - Parameter jitter: largest relative deviation, 0…0.9.
    init(nominal: UInt64, jitter: Double, start: UInt64) {
        self.nominal = nominal
        self.jitter = jitter
        current = Epoch(start: start, period: nominal, carried: 0)
    }

    /// Whether the period changes at all.
    var isJittered: Bool { jitter > 0 }
    /// The period in force.
    var period: UInt64 { current.period }
    /// When it came into force.
    var changedAt: UInt64 { current.start }

    /// Weight of a sample in ns: the time since the tick before it.
    func weight(at time: UInt64) -> UInt64 {
        if let previous, time < current.start { return previous.weight(at: time) }
        return current.weight(at: time)
    }

    /// A period drawn evenly from nominal × (1 ± jitter).
    func drawPeriod(using generator: inout some RandomNumberGenerator) -> UInt64 {
        guard isJittered else { return nominal }
        return UInt64(Double(nominal) * Double.random(in: (1 - jitter)...(1 + jitter), using: &generator))
    }

    /// Notes that a new period is in force since `time`.
    mutating func change(to period: UInt64, at time: UInt64) {
        let sinceTick = (time &- current.start) % max(current.period, 1)
        // Before the first tick of an epoch, what it carried is still owed.
        let owed = time &- current.start < current.period ? current.carried : 0
        previous = current
        current = Epoch(start: time, period: period, carried: sinceTick &+ owed)
    }
}
