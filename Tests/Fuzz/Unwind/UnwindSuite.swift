import Model
import StackFixtures
import Unwinder

/// Recorded stacks with changed registers, stacks, mappings, unwind tables and code, walked as the daemon does it: by
/// rules, and by libunwind where they refuse.
final class UnwindSuite: FuzzSuite {
    static let name = "unwind"
    static let maximumInput = 256

    /// By a hash of their names, so that an input means the same stack when others are added.
    private let originals: [(key: UInt64, space: ChangeableSpace)]
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
        let spaces = try FixtureFolder.names.map { name in
            (Self.key(name), ChangeableSpace(try FixtureFolder.load(name), number: numbers))
        }
        originals = spaces.sorted { $0.0 < $1.0 }
    }

    /// Each stack as it is.
    func seeds() -> [[UInt8]] {
        originals.map { [UInt8(truncatingIfNeeded: $0.key), UInt8(truncatingIfNeeded: $0.key >> 8), 0] }
    }

    /// FNV-1a, folded to 16 bits.
    private static func key(_ name: String) -> UInt64 {
        let hash = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return (hash ^ hash >> 16 ^ hash >> 32 ^ hash >> 48) & 0xffff
    }

    /// An input: which stack, whether both engines walk it, changes.
    func run(_ input: [UInt8]) {
        var input = InputReader(input)
        let key = input.number(2)
        let original = originals.first { $0.key >= key } ?? originals[0]
        let space = ChangeableSpace(copying: original.space)
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
