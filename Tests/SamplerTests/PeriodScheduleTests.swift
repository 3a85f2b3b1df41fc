import TestKit
import Testing

@testable import Sampler

/// The timer of the kernel, tick by tick: the weights of its ticks are the time that passed.
struct PeriodScheduleTests {
    /// kernel/events/core.c: a change of the period stops the timer and starts it anew with a whole period
    /// (`__perf_event_period`, `perf_swevent_start_hrtimer`); a tick that is handled late keeps the phase
    /// (`hrtimer_forward_now`), and the sample has the time of its handling.
    private struct KernelTimer {
        var expiry: UInt64
        var period: UInt64

        init(start: UInt64, period: UInt64) {
            expiry = start + period
            self.period = period
        }

        /// Times of the samples of all ticks until `time`, each handled up to `latency` late.
        mutating func ticks(until time: UInt64, latency: UInt64, _ generator: inout SeededGenerator) -> [UInt64] {
            var ticks: [UInt64] = []
            while expiry <= time {
                let handled = min(time, expiry + UInt64.random(in: 0...latency, using: &generator))
                ticks.append(handled)
                expiry += period
            }
            return ticks
        }

        mutating func change(to period: UInt64, at time: UInt64) { self = KernelTimer(start: time, period: period) }
    }

    private static let nominal: UInt64 = 10_101_010

    /// All ticks are seen in the end; between two changes there may be none, one or many.
    @Test(arguments: 0..<200 as Range<UInt64>) func weightsAreTheTimeThatPassed(seed: UInt64) {
        var generator = SeededGenerator(seed)
        let start: UInt64 = 5_000_000_000
        var timer = KernelTimer(start: start, period: Self.nominal)
        var schedule = PeriodSchedule(nominal: Self.nominal, jitter: 0.4, start: start)
        let latency: UInt64 = [0, 1000, 2_000_000][generator.below(3)]
        var time = start
        var sum: UInt64 = 0
        var lastTick = start
        for _ in 0..<300 {
            // Changes within a period, shortly behind the tick, and after many periods.
            let pause = generator.below(3) == 0 ? generator.below(9_000_000) : generator.below(400_000_000)
            time += UInt64(1 + pause)
            for tick in timer.ticks(until: time - 1, latency: latency, &generator) {
                sum += schedule.weight(at: tick)
                lastTick = tick
            }
            let period = schedule.drawPeriod(using: &generator)
            timer.change(to: period, at: time)
            schedule.change(to: period, at: time)
        }
        for tick in timer.ticks(until: time + 1_000_000_000, latency: 0, &generator) {
            sum += schedule.weight(at: tick)
            lastTick = tick
        }
        #expect(sum == lastTick - start)
    }

    /// Samples are read up to a ring's age after the period was changed: they weigh what their own period says.
    @Test func samplesFromBeforeTheChange() {
        var schedule = PeriodSchedule(nominal: 1000, jitter: 0.2, start: 0)
        schedule.change(to: 900, at: 10_500)
        #expect(schedule.weight(at: 1000) == 1000)
        #expect(schedule.weight(at: 10_000) == 1000)
        #expect(schedule.weight(at: 11_400) == 1400)
        #expect(schedule.weight(at: 12_300) == 900)
    }

    /// Periods are drawn evenly from the range, and stay what they are without jitter.
    @Test func drawnPeriods() {
        var generator = SeededGenerator(1)
        let schedule = PeriodSchedule(nominal: 1_000_000, jitter: 0.2, start: 0)
        let drawn = (0..<10_000).map { _ in schedule.drawPeriod(using: &generator) }
        #expect(drawn.allSatisfy { (800_000...1_200_000).contains($0) })
        let mean = Double(drawn.reduce(0, +)) / 10_000
        // Six standard errors of the mean of an even distribution of this width.
        #expect(abs(mean - 1_000_000) < 6 * 400_000 / 12.0.squareRoot() / 100)
        #expect(drawn.contains { $0 < 820_000 } && drawn.contains { $0 > 1_180_000 })
        let fixed = PeriodSchedule(nominal: 1_000_000, jitter: 0, start: 0)
        #expect(fixed.drawPeriod(using: &generator) == 1_000_000)
        #expect(!fixed.isJittered)
    }
}
