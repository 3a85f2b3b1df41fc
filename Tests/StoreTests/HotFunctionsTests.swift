import TestKit
import Testing

@testable import Store

struct HotFunctionsTests {
    /// Each increment goes to exactly one series, and no series falls while it lives.
    @Test(arguments: 0..<40 as Range<UInt64>) func everyIncrementOnce(seed: UInt64) {
        var generator = SeededGenerator(seed)
        var functions = HotFunctions()
        var before: [HotFunctions.Name: Double] = [:]
        var time: UInt64 = 0
        var total = 0.0
        var leftBehind = 0.0
        for round in 0..<300 {
            // Long pauses now and then, and a last one, so that series end as well.
            time += round == 299 ? 7200 * second : generator.below(40) == 0 ? 1800 * second : second
            for _ in 0..<generator.below(60) {
                let weight = Double(generator.below(1000))
                total += weight
                functions.add(weight, function: "f\(generator.below(800) / (1 + generator.below(50)))", module: "m")
            }
            let other = functions.otherNanoseconds
            functions.rank(at: time)
            let now = Dictionary(uniqueKeysWithValues: functions.series.map { ($0.name, $0.nanoseconds) })
            for (name, value) in before where now[name] == nil { leftBehind += value }
            #expect(before.allSatisfy { now[$0.key] ?? .infinity >= $0.value })
            #expect(functions.otherNanoseconds >= other)
            #expect(now.values.reduce(0, +) + functions.otherNanoseconds + leftBehind == total)
            before = now
        }
        #expect(leftBehind > 0)
        #expect(before.count >= HotFunctions.size)
    }

    /// The hottest functions have series, in spite of many cold ones.
    @Test func hottestAreMembers() {
        var functions = HotFunctions()
        for round in 1...100 as ClosedRange<UInt64> {
            for hot in 0..<10 { functions.add(1000, function: "hot\(hot)", module: "m") }
            for cold in 0..<700 { functions.add(1, function: "cold\(cold)", module: "m") }
            functions.rank(at: round * second)
        }
        #expect(Set(functions.series.map(\.name.function)) == Set((0..<10).map { "hot\($0)" }))
        #expect(functions.series.allSatisfy { $0.nanoseconds == 100_000 })
        #expect(functions.otherNanoseconds == 70_000)
    }

    /// A program whose heat wanders gets a bounded number of series; what it does besides is counted all the same.
    @Test func seriesAreBounded() {
        var functions = HotFunctions()
        for round in 0..<2000 as Range<UInt64> {
            functions.add(1000, function: "wanders\(round)", module: "m")
            functions.rank(at: round * second)
        }
        #expect(functions.series.count == HotFunctions.maximumSeries)
        #expect(functions.series.reduce(functions.otherNanoseconds) { $0 + $1.nanoseconds } == 2_000_000)
    }

    /// An hour after it was last among the hottest a function loses its series, not before.
    @Test func stickiness() {
        var functions = HotFunctions()
        functions.add(1, function: "once", module: "m")
        functions.rank(at: second)
        for name in 0..<10 { functions.add(1e9, function: "hot\(name)", module: "m") }
        functions.rank(at: 2 * second)
        functions.rank(at: 3600 * second)
        #expect(functions.series.contains { $0.name.function == "once" })
        functions.rank(at: 3601 * second)
        #expect(!functions.series.contains { $0.name.function == "once" })
    }

    @Test func longNames() {
        var functions = HotFunctions()
        functions.add(1, function: String(repeating: "x", count: 5000), module: "m")
        functions.rank(at: second)
        #expect(functions.series.map(\.name.function.utf8.count) == [200])
    }
}
