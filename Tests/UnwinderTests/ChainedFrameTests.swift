import Model
import Testing

@testable import Unwinder

/// Code without rules, whose callers frame pointers and calls prove: the second walk is made by what the first one proved,
/// and has to find the same.
struct ChainedFrameTests {
    private static let base: UInt64 = 0x40_0000
    private static let leaf: UInt64 = 0x40_1010
    private static let back: UInt64 = 0x40_0800
    private static let direct: UInt64 = 0x40_0900
    private static let made: UInt64 = 0x80_0100
    /// Behind the call of the process's first code.
    private static let entryBack: UInt64 = 0x40_0020

    /// `call *%rax` in front of `back`, a direct call of the leaf's code in front of `direct`, and musl's `_start`.
    private static func code(hasCalls: Bool = true) -> FlatImage {
        var bytes = [UInt8](repeating: 0x90, count: 0x2000)
        func put(_ code: [UInt8], before address: UInt64) {
            let end = Int(address - base)
            bytes.replaceSubrange((end - code.count)..<end, with: code)
        }
        if hasCalls {
            put([0xff, 0xd0], before: back)
            put([0xe8] + .little(Int32(0x40_1000 - Int64(direct))), before: direct)
        }
        put([0x48, 0x31, 0xed, 0x48, 0x89, 0xe7, 0x48, 0x83, 0xe4, 0xf0, 0xe8, 0, 0, 0xff, 0xff], before: entryBack)
        let image = FlatImage(address: base, bytes, number: hasCalls ? 7 : 8)
        image.entryPoint = entryBack - 15
        return image
    }

    private static func space(generation: UInt64 = 1, hasCalls: Bool = true) -> FlatSpace {
        FlatSpace(
            [
                MappedImage(range: base..<(base + 0x2000), bias: 0, bytes: code(hasCalls: hasCalls)),
                MappedImage(range: 0x80_0000..<0x81_0000, bias: 0, bytes: nil, isMade: true),
                MappedImage(range: 0x90_0000..<0x91_0000, bias: 0, bytes: nil),
            ], generation: generation)
    }

    private func walk(_ stack: HandMadeStack, in space: FlatSpace, by engine: RuleEngine) -> HandMadeProgram.Walk {
        var walk = HandMadeProgram.Walk()
        stack.withSample { sample in
            switch engine.unwind(sample, in: space, into: &walk.frames) {
            case .walked(let outcome): walk.outcome = outcome
            case .refused(let reason): walk.refusal = reason
            }
        }
        return walk
    }

    /// The leaf, a function of the file, one that a runtime made, the function that `_start` called, and `_start`.
    private static let chain = HandMadeStack(
        words: [1 << 40, 2, 0x7020, back, 0x7030, made, 0x7050, back, 5, 6, 0, entryBack], pc: leaf,
        framePointer: 0x7010)

    @Test func again() {
        let engine = RuleEngine(counters: UnwindCounters())
        let space = Self.space()
        for _ in 0..<3 {
            let found = walk(Self.chain, in: space, by: engine)
            #expect(found.outcome == .ended(.complete))
            #expect(found.frames.map(\.pc) == [Self.leaf, Self.back, Self.made, Self.back, Self.entryBack])
            #expect(found.frames.map(\.sp) == [0x7000, 0x7020, 0x7030, 0x7040, 0x7060])
            #expect(found.frames.map(\.isExact) == [true, false, false, false, false])
        }
    }

    /// A direct call of the leaf on top of the stack proves more than rbp does, however often rbp was right.
    @Test func directCallFirst() {
        let engine = RuleEngine(counters: UnwindCounters())
        let space = Self.space()
        var called = Self.chain
        called.words[0] = Self.direct
        for stack in [Self.chain, called, Self.chain, called] {
            let isCalled = stack.words[0] == Self.direct
            let found = walk(stack, in: space, by: engine)
            #expect(found.frames.dropFirst().first?.pc == (isCalled ? Self.direct : Self.back))
            #expect(found.outcome == .ended(.complete) && found.frames.count == (isCalled ? 6 : 5))
        }
    }

    /// What was proven of one state of an address space says nothing about another.
    @Test func otherSpace() {
        let engine = RuleEngine(counters: UnwindCounters())
        #expect(walk(Self.chain, in: Self.space(), by: engine).frames.count == 5)
        let changed = Self.space(generation: 2, hasCalls: false)
        for _ in 0..<2 { #expect(walk(Self.chain, in: changed, by: engine).refusal == .unproven) }
        #expect(walk(Self.chain, in: Self.space(), by: engine).frames.count == 5)
    }

    /// Frame pointers that lead nowhere are not believed behind code that they were believed for.
    @Test(arguments: [0x7011, 0x6ff8, 0x7fff_0000, 0x7008] as [UInt64]) func lost(framePointer: UInt64) {
        let engine = RuleEngine(counters: UnwindCounters())
        let space = Self.space()
        _ = walk(Self.chain, in: space, by: engine)
        let stack = HandMadeStack(
            words: [1 << 40, 2, 0x7000, Self.back, 0, 0], pc: Self.leaf, framePointer: framePointer)
        #expect(walk(stack, in: space, by: engine).refusal == .unproven)
    }

    /// Code that cannot be read and whose caller nothing proves is never a root.
    @Test(arguments: [(made, .noUnwindInfo), (0x90_0100, .noImage)] as [(UInt64, BrokenReason)])
    func unreadable(pc: UInt64, reason: BrokenReason) {
        let engine = RuleEngine(counters: UnwindCounters())
        let words = [1, 2, 0x7020, pc, 3, 4, 5, 6]
        let stack = HandMadeStack(words: words, pc: Self.leaf, framePointer: 0x7010)
        for _ in 0..<2 {
            let found = walk(stack, in: Self.space(), by: engine)
            #expect(found.outcome == .ended(.broken(reason)) && found.frames.count == 2)
        }
    }

    static let entries: [(String, [UInt8], Bool)] = [
        ("glibc", [0x31, 0xed, 0x49, 0x89, 0xd1, 0x5e, 0x48, 0x89], true),
        ("glibc with CET", [0xf3, 0x0f, 0x1e, 0xfa, 0x31, 0xed, 0x49, 0x89, 0xd1, 0x5e, 0x48, 0x89], true),
        ("ld.so", [0x48, 0x89, 0xe7, 0xe8, 0x98, 0x0c, 0, 0], true),
        ("musl", [0x48, 0x31, 0xed, 0x48, 0x89, 0xe7, 0x48, 0x8d], true),
        ("start of a library's code", [0x48, 0x8d, 0x3d, 0x79, 0x2f, 0, 0, 0x48], false),
        ("a function that clears rbp", [0x31, 0xed, 0x48, 0x83, 0xc4, 8, 0xc3, 0], false),
    ]

    @Test(arguments: entries) func processEntry(_ name: String, _ code: [UInt8], _ isEntry: Bool) {
        let image = FlatImage(address: Self.base, code, padding: 256)
        #expect(!ProcessEntry.contains(Self.base, in: image))
        image.entryPoint = Self.base
        for offset in [0, 32] as [UInt64] { #expect(ProcessEntry.contains(Self.base + offset, in: image) == isEntry) }
        #expect(!ProcessEntry.contains(Self.base + 64, in: image))
        #expect(!ProcessEntry.contains(Self.base - 1, in: image))
    }
}
