import Testing

@testable import Sampler

@Suite struct PeriodMixTests {
    @Test("the rates of all periods add up to the nominal rate")
    func total() {
        for nominal: UInt64 in [1_001_001, 10_101_010] {
            let periods = PeriodMix(nominal: nominal).periods
            let rate = periods.reduce(0) { $0 + 1 / Double($1) }
            #expect(abs(rate * Double(nominal) - 1) < 1e-4)
            #expect(Set(periods).count == PeriodMix.count)
        }
    }
}
