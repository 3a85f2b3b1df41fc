import TestKit
import Testing

/// A sample of what `make verify-long` does with libFuzzer and the address sanitizer: every suite, plain mutations, and
/// the inputs that once were findings. A broken promise traps.
struct FuzzTests {
    /// Mutations of each suite.
    static let mutations = 1500

    @Test(arguments: FuzzSuites.all.map { $0.name }) func mutated(name: String) throws {
        let type = try #require(FuzzSuites.all.first { $0.name == name })
        let suite = try type.init()
        let seeds = try suite.seeds()
        #expect(!seeds.isEmpty)
        for seed in seeds { suite.run(seed) }
        var generator = SeededGenerator(UInt64(name.utf8.count) &+ 1)
        for _ in 0..<Self.mutations {
            var input = seeds[generator.below(seeds.count)]
            input += (0..<generator.below(24)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            suite.run(Array(generator.mutated(input).prefix(type.maximumInput)))
        }
    }

    @Test func findings() throws {
        for type in FuzzSuites.all {
            let kept = try FuzzFiles.kept(type.name)
            if kept.isEmpty { continue }
            let suite = try type.init()
            for (_, input) in kept { suite.run(input) }
        }
    }
}
