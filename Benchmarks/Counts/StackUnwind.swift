import StackFixtures
import Unwinder

/// Walks recorded stacks again and again, so that what one more frame costs can be counted from outside.
enum StackUnwind {
    /// Stacks that rules alone walk; plain ones, a deep one, threads, a signal handler, realigned frames.
    static let names = ["plain", "deep-100", "qsort", "realigned", "signal", "cxx-throw"]

    /// Walks each stack `passes` times after its rules are known. Prints how many frames and stacks one pass has.
    static func run(passes: Int) throws {
        let engine = UnwindEngine(verifyEvery: 0)
        var frames: [UnwoundFrame] = []
        var count = 0
        for name in names {
            let fixture = try FixtureFolder.load(name)
            let space = FixtureSpace(fixture)
            fixture.withSample { sample in
                for _ in 0...passes {
                    frames.removeAll(keepingCapacity: true)
                    _ = engine.unwind(sample, in: space, into: &frames)
                }
            }
            count += frames.count
        }
        print(count, names.count)
    }
}
