import Model
import TestKit
import Testing

@testable import Analysis

/// A program that is simulated second by second: independent counts with a mean of their own for each function.
struct SimulatedProgram {
    /// Mean samples a second by stack, root first.
    var rates: [(stack: [String], rate: Double)]
    /// Spread of a factor that is drawn for each function and part: a load that comes and goes.
    var unrest = 0.0

    /// Parts of so many seconds each.
    func parts(_ count: Int, seconds: Int64 = 3, using generator: inout SeededGenerator) -> [Profile] {
        (0..<count).map { part in
            let counts = rates.map { stack, rate in
                let factor = unrest > 0 ? Double.random(in: (1 - unrest)...(1 + unrest), using: &generator) : 1
                return (stack: stack, count: Self.poisson(rate * Double(seconds) * factor, using: &generator))
            }
            var profile = profile(counts.filter { $0.count > 0 })
            profile.startTime = Int64(part) * seconds * 1_000_000_000
            profile.endTime = profile.startTime + seconds * 1_000_000_000
            return profile
        }
    }

    /// Events in one unit of time whose gaps are exponential.
    private static func poisson(_ mean: Double, using generator: inout SeededGenerator) -> Int64 {
        var count: Int64 = 0
        var rest = mean
        while true {
            let uniform = Double.random(in: Double.leastNormalMagnitude...1, using: &generator)
            rest -= -1 * Self.logarithm(uniform)
            if rest < 0 { return count }
            count += 1
        }
    }

    /// ln by its series around 1 after halving: tests link no C library by themselves.
    private static func logarithm(_ x: Double) -> Double {
        let mantissa = x.significand / 2
        let z = (mantissa - 1) / (mantissa + 1)
        var (term, sum) = (z, 0.0)
        for k in stride(from: 1.0, to: 60, by: 2) {
            sum += term / k
            term *= z * z
        }
        return 2 * sum + Double(x.exponent + 1) * 0.693147180559945309
    }

    /// `count` functions below main, of falling rates.
    static func typical(_ count: Int, unrest: Double = 0) -> SimulatedProgram {
        SimulatedProgram(
            rates: (0..<count).map { (["main", "g\($0 % 5)", "f\($0)"], 20 / Double($0 + 1)) }, unrest: unrest)
    }

    func changed(_ stack: [String], by factor: Double) -> SimulatedProgram {
        var changed = self
        for index in rates.indices where rates[index].stack == stack { changed.rates[index].rate *= factor }
        return changed
    }
}

func diff(
    _ base: [Profile], _ to: [Profile], _ normalization: DiffNormalization = .time, maximumNodes: Int = .max
) -> Diff {
    var builder = DiffBuilder(normalization, title: "all")
    for profile in base { builder.add(inSeconds(profile), to: .base) }
    for profile in to { builder.add(inSeconds(profile), to: .to) }
    return builder.finish(maximumNodes: maximumNodes)
}

/// Weights of seconds, so that values are small whole numbers.
private func inSeconds(_ profile: Profile) -> Profile {
    var profile = profile
    for index in profile.samples.indices { profile.samples[index].weight *= 1e9 }
    return profile
}

extension Diff {
    func function(_ name: String) -> DiffFunction? { functions.first { $0.function.name == name } }
    var significant: [String] { functions.filter(\.isSignificant).map(\.function.name).sorted() }
}

@Suite struct DiffValueTests {
    /// By hand: one second each, weights of 2 a sample.
    @Test func valuesByTime() throws {
        let base = profile([(["main", "a"], 3), (["main", "b"], 5)])
        let to = profile([(["main", "a"], 7), (["main", "c", "a"], 1)])
        let diff = diff([base], [to])
        let a = try #require(diff.function("a"))
        #expect((a.own.base, a.own.value, a.total.base, a.total.value) == (6, 16, 6, 16))
        let b = try #require(diff.function("b"))
        #expect((b.own.base, b.own.value, b.own.delta) == (10, 0, -10))
        let c = try #require(diff.function("c"))
        #expect((c.own.value, c.total.base, c.total.value) == (0, 0, 2))
        #expect(diff.function("main") == nil, "main did the same on both sides")
        #expect(diff.functions.map(\.function.name) == ["a", "b", "c"])
        #expect(diff.nodes.map { diff.names[Int($0.function)].name } == ["all", "main", "a", "b", "c", "a"])
        #expect(diff.nodes.map(\.total.base) == [16, 16, 6, 10, 0, 0])
        #expect(diff.nodes.map(\.total.value) == [16, 16, 14, 0, 2, 2])
        #expect(diff.nodes.map(\.ownValue) == [0, 0, 14, 0, 0, 2])
        #expect(diff.nodes.map(\.parent) == [-1, 0, 1, 1, 1, 4])
        #expect(diff.nodes.map(\.count) == [8, 8, 7, 0, 1, 1])
        #expect(diff.base.seconds == 1 && diff.to.weight == 16e9 && diff.to.parts == 0)
    }

    @Test func sharesDoNotSeeALongerWindow() {
        let base = profile([(["main", "a"], 10), (["main", "b"], 30)])
        var to = profile([(["main", "a"], 100), (["main", "b"], 300)])
        to.endTime = 5_000_000_000
        #expect(diff([base], [to], .total).functions.isEmpty)
        #expect(diff([base], [to], .time).function("a")?.own.value == 40)
    }

    @Test func aRecursionCountsOnce() {
        let diff = diff([profile([(["r", "x", "r"], 1)])], [profile([(["r", "x", "r"], 3)])])
        #expect(diff.function("r")?.total.value == 6)
        #expect(diff.function("r")?.own.value == 6)
    }

    /// Whatever the profile, in one piece or in parts, by time or by share.
    @Test(arguments: DiffNormalization.allCases) func ofTheSameIsEmpty(_ normalization: DiffNormalization) {
        var generator = SeededGenerator(3)
        for count in [1, 20] {
            let parts = SimulatedProgram.typical(30, unrest: 0.5).parts(count, using: &generator)
            let same = diff(parts, parts, normalization)
            #expect(same.functions.isEmpty)
            #expect(same.nodes.allSatisfy { $0.total.delta == 0 && !$0.total.isSignificant })
            #expect(same.nodes.allSatisfy { $0.total.low <= 0 && $0.total.high >= 0 })
            // The same samples in another order.
            let turned = parts.map { part in
                var part = part
                part.samples.reverse()
                return part
            }
            #expect(diff(parts, turned, normalization).functions.isEmpty)
        }
    }

    /// Turned around, every difference is its opposite.
    @Test func turningItAroundTurnsTheSign() throws {
        var generator = SeededGenerator(4)
        let a = SimulatedProgram.typical(20).parts(10, using: &generator)
        let b = SimulatedProgram.typical(25).parts(12, using: &generator)
        let there = diff(a, b)
        let back = diff(b, a)
        for row in there.functions {
            let other = try #require(back.functions.first { $0.function == row.function })
            #expect(abs(row.own.delta + other.own.delta) < 1e-9 && abs(row.own.low + other.own.high) < 1e-9)
            #expect(abs(row.total.adjusted - other.total.adjusted) < 1e-9)
        }
    }

    @Test func nothingOnOneSide() throws {
        let nothing = profile([])
        let some = profile([(["a"], 50)])
        #expect(try #require(diff([nothing], [some]).function("a")).isSignificant)
        let shares = diff([nothing], [some], .total)
        #expect(!(try #require(shares.function("a"))).isSignificant, "a share of nothing is not known")
        #expect(diff([nothing], [nothing]).functions.isEmpty)
        #expect(diff([], []).nodes.count == 1)
    }

    @Test func theHeaviestPathsStay() {
        let diff = diff([profile([(["a", "x"], 9), (["b"], 1)])], [profile([(["c"], 5)])], maximumNodes: 4)
        #expect(diff.nodes.map { diff.names[Int($0.function)].name } == ["all", "a", "x", "c"])
        #expect(diff.droppedNodes == 1)
    }
}

@Suite struct DiffIntervalTests {
    private static let rounds = 30

    /// How many of the rounds call something significant although nothing changed.
    private func falseAlarms(_ program: SimulatedProgram, inParts: Bool, _ normalization: DiffNormalization) -> Int {
        var generator = SeededGenerator(17)
        return (0..<Self.rounds).count { _ in
            let base = program.parts(20, using: &generator)
            let to = program.parts(20, using: &generator)
            if inParts { return !diff(base, to, normalization).significant.isEmpty }
            return !diff([Self.joined(base)], [Self.joined(to)], normalization).significant.isEmpty
        }
    }

    /// All parts as one window whose parts nobody knows.
    private static func joined(_ parts: [Profile]) -> Profile {
        var sums: [[String]: Int64] = [:]
        for part in parts {
            for sample in part.samples {
                var stack: [String] = []
                var node = sample.node
                while node > 0 {
                    let entry = part.nodes[Int(node)]
                    if case .lines(let lines) = part.frames[Int(entry.frame)].name {
                        stack.insert(lines[0].function, at: 0)
                    }
                    node = entry.parent
                }
                sums[stack, default: 0] += sample.count
            }
        }
        var whole = profile(sums.sorted { $0.key.joined() < $1.key.joined() }.map { ($0.key, $0.value) })
        whole.endTime = parts.last?.endTime ?? 0
        return whole
    }

    @Test(arguments: DiffNormalization.allCases) func noiseIsNotChange(_ normalization: DiffNormalization) {
        let program = SimulatedProgram.typical(40)
        #expect(falseAlarms(program, inParts: true, normalization) <= Self.rounds / 10)
        #expect(falseAlarms(program, inParts: false, normalization) <= Self.rounds / 10)
    }

    /// A load that comes and goes: the number of samples alone would see changes everywhere, the parts know better.
    @Test func unrestIsNotChange() {
        let program = SimulatedProgram.typical(40, unrest: 0.9)
        #expect(falseAlarms(program, inParts: true, .time) <= Self.rounds / 10)
        #expect(falseAlarms(program, inParts: false, .time) > Self.rounds / 4)
    }

    /// A planted change is found with its sign and its size, and nothing else is; intervals hold the truth.
    @Test(arguments: [("f1", 2.0), ("f1", 0.5), ("f4", 3.0), ("f0", 1.4)])
    func plantedChanges(_ name: String, _ factor: Double) throws {
        var generator = SeededGenerator(23)
        let program = SimulatedProgram.typical(40)
        let index = try #require(Int(name.dropFirst()))
        let rate = 20 / Double(index + 1)
        var (found, covered, others) = (0, 0, 0)
        for _ in 0..<20 {
            let base = program.parts(20, using: &generator)
            let to = program.changed(["main", "g\(index % 5)", name], by: factor).parts(20, using: &generator)
            let diff = diff(base, to)
            let row = try #require(diff.function(name))
            if row.own.isSignificant, (row.own.delta > 0) == (factor > 1) { found += 1 }
            // A sample weighs 2.
            let truth = 2 * rate * (factor - 1)
            if row.own.low <= truth, truth <= row.own.high { covered += 1 }
            others += diff.significant.count { $0 != name && $0 != "main" && $0 != "g\(index % 5)" }
        }
        #expect(found == 20)
        #expect(covered >= 17, "\(covered) of 20 intervals hold the truth")
        #expect(others <= 3, "\(others) others in 20 rounds")
    }

    /// Over many functions and rounds, 95 of 100 intervals hold the true difference, which is none.
    @Test(arguments: [0.0, 0.6]) func coverage(_ unrest: Double) {
        var generator = SeededGenerator(29)
        let program = SimulatedProgram.typical(20, unrest: unrest)
        var (all, covered) = (0.0, 0.0)
        for _ in 0..<30 {
            let diff = diff(program.parts(20, using: &generator), program.parts(20, using: &generator))
            for row in diff.functions where row.own.base + row.own.value > 0 {
                all += 1
                if row.own.low <= 0, row.own.high >= 0 { covered += 1 }
            }
        }
        #expect(all > 500)
        #expect((0.93...0.99).contains(covered / all), "\(covered / all)")
    }
}

@Suite struct SignificanceTests {
    /// Tables of Student's distribution.
    @Test(arguments: [(7, 2.365), (10, 2.228), (19, 2.093), (38, 2.024), (120, 1.980), (.infinity, 1.960)])
    func quantiles(_ freedom: Double, _ expected: Double) {
        let quantile = Significance.quantile(degreesOfFreedom: freedom)
        #expect(abs(quantile - expected) < 0.004)
        #expect(abs(Significance.probability(t: quantile, degreesOfFreedom: freedom) - 0.05) < 1e-6)
    }

    @Test(arguments: [(3.169, 10.0, 0.01), (4.587, 10, 0.001), (2.861, 19, 0.01), (-2.576, .infinity, 0.01)])
    func probabilities(_ t: Double, _ freedom: Double, _ expected: Double) {
        #expect(abs(Significance.probability(t: t, degreesOfFreedom: freedom) / expected - 1) < 0.03)
    }

    @Test func adjustmentByHand() {
        let adjusted = Significance.adjusted([0.01, 0.04, 0.03, 0.005])
        #expect(zip(adjusted, [0.02, 0.04, 0.04, 0.02]).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(Significance.adjusted([]).isEmpty)
        #expect(Significance.adjusted([1, 1]) == [1, 1])
    }

    /// With counts alone: (count + 1) weights squared on each side.
    @Test func varianceOfCounts() throws {
        let row = try #require(diff([profile([(["a"], 8)])], [profile([(["a"], 24)])]).function("a"))
        let error = (2.0 * 2 * (9 + 25)).squareRoot()
        #expect(abs(row.own.high - (32 + 1.959964 * error)) < 1e-4)
        #expect(abs(row.own.low - (32 - 1.959964 * error)) < 1e-4)
    }
}
