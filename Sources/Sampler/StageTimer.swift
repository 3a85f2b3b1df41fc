import Model
import Platform

/// Charges a stage that runs thousands of times a second: one run in 16 is timed and counts for all, since reading the
/// thread's CPU clock twice costs as much as a short walk.
final class StageTimer {
    private static let interval: UInt64 = 16
    private let budget: StageBudget
    private var runs: UInt64 = 0
    private var charged: UInt64 = 0

    init(_ budget: StageBudget) { self.budget = budget }

    func time<Result>(_ body: () -> Result) -> Result {
        runs &+= 1
        guard runs % Self.interval == 0 else { return body() }
        let before = SystemTime.threadCPU()
        let result = body()
        let nanoseconds = (SystemTime.threadCPU() &- before) &* Self.interval
        budget.charge(cpuNanoseconds: nanoseconds)
        charged &+= nanoseconds
        return result
    }

    /// Notes time of the thread that was charged to another stage.
    func note(charged nanoseconds: UInt64) { charged &+= nanoseconds }

    /// What was charged since the last call, in ns.
    func takeCharged() -> UInt64 {
        defer { charged = 0 }
        return charged
    }
}
