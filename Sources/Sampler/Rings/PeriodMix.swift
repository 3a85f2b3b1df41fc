/// Several fixed periods that sample one task together, where a period cannot be changed while it runs.
///
/// One fixed period is in step with some programs and then shows parts of them only. No program is in step with all of
/// these: they are drawn by chance. Together they give the rate of the nominal period, so a sample of any of them
/// weighs one nominal period.
struct PeriodMix {
    /// Events of each task and CPU: each sample costs the same, whichever it comes from.
    static let count = 4
    /// Periods in ns; the sum of their rates is the rate of the nominal period.
    let periods: [UInt64]

    init(nominal: UInt64) {
        let rates = (0..<Self.count).map { _ in Double.random(in: 0.8...1.25) }
        let sum = rates.reduce(0, +)
        periods = rates.map { UInt64(Double(nominal) * sum / $0) }
    }
}
