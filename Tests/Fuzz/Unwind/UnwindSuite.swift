import Model
import StackFixtures
import Unwinder

/// Recorded stacks with changed registers, stacks, mappings, unwind tables and code, walked as the daemon does it: by
/// rules, and by libunwind where they refuse.
final class UnwindSuite: FuzzSuite {
    static let name = "unwind"
    static let maximumInput = 256

    private let originals: [ChangeableSpace]
    private let engine = UnwindEngine(verifyEvery: 0)
    /// Walks each stack by both engines, so that libunwind sees what rules take for granted.
    private let both = UnwindEngine(verifyEvery: 1)
    private var frames: [UnwoundFrame] = []

    init() throws {
        // Numbers of images and spaces: each given once.
        var last: UInt64 = 0
        let numbers = { () -> UInt64 in
            last += 1
            return last
        }
        originals = try FixtureFolder.names.map { ChangeableSpace(try FixtureFolder.load($0), number: numbers) }
    }

    /// Each stack as it is.
    func seeds() -> [[UInt8]] { originals.indices.map { [UInt8($0), 0] } }

    /// An input: the number of a stack, whether both engines walk it, changes.
    func run(_ input: [UInt8]) {
        var input = InputReader(input)
        let space = ChangeableSpace(copying: originals[input.below(originals.count)])
        let engine = input.byte() & 15 == 15 ? both : engine
        while !input.isAtEnd { space.change(&input) }
        frames.removeAll(keepingCapacity: true)
        _ = space.withSample { engine.unwind($0, in: space, into: &frames) }
        check(space)
        if frames.capacity > 1 << 16 { frames = [] }
    }

    /// Words of changed files that one walk may read, and questions about mappings that it may ask.
    private static let maximumReads = 8 << 20
    private static let maximumQuestions = 8 << 20

    private func check(_ space: ChangeableSpace) {
        promise(frames.count <= LibunwindEngine.capacity, "more frames than there is room for")
        promise(
            frames.first.map { $0.pc == space.registers.instructionPointer } ?? true,
            "starts at \(space.registers.instructionPointer): \(frames.prefix(3))")
        promise(space.reads <= Self.maximumReads, "reads without end")
        promise(space.questions <= Self.maximumQuestions, "asks without end")
    }
}
