import Model
import TestKit
import Testing

@testable import Unwinder

/// Walks by assembled rules over stacks by hand: one step of each kind, and each way in which a walk ends.
struct RuleEngineTests {
    private static let start = HandMadeStack.start

    /// Walks from a function with some instructions, called out of the root.
    private func step(
        _ instructions: [UInt8], _ words: (HandMadeProgram) -> [UInt64], framePointer: UInt64 = 0,
        at offset: UInt64 = 0,
        registers: [Int: UInt64] = [:], isCut: Bool = false
    ) -> (walk: HandMadeProgram.Walk, program: HandMadeProgram) {
        var program = HandMadeProgram()
        let function = program.assembler.add(instructions)
        let stack = HandMadeStack(
            words: words(program), pc: function + offset, framePointer: framePointer, isCut: isCut, registers: registers
        )
        return (program.walk(stack), program)
    }

    private func expectRoot(
        _ result: (walk: HandMadeProgram.Walk, program: HandMadeProgram), sp: UInt64, _ name: String = ""
    ) {
        #expect(result.walk.outcome == .ended(.complete), "\(name)")
        #expect(result.walk.frames.count == 2, "\(name)")
        #expect(
            result.walk.frames.last == UnwoundFrame(pc: result.program.root, sp: sp, isExact: false), "\(name)")
    }

    @Test func stackPointer() {
        expectRoot(step([0x0e, 24], { [1, 2, $0.root] }), sp: Self.start + 24)
    }

    @Test func framePointer() {
        let words = { (program: HandMadeProgram) in [1, 2, 3, program.root] }
        expectRoot(step([0x0c, 6, 16, 0x86, 2], words, framePointer: Self.start + 16), sp: Self.start + 32)
    }

    /// The second frame counts from the rbp that the first one saved.
    @Test func restoredFramePointer() {
        var program = HandMadeProgram()
        let outer = program.assembler.add([0x0c, 6, 16, 0x86, 2])
        let inner = program.assembler.add([0x0e, 16, 0x86, 2])
        let words = [Self.start + 0x20, outer + 9, 0, 0, 0, program.root]
        let walk = program.walk(HandMadeStack(words: words, pc: inner, framePointer: 1))
        #expect(walk.outcome == .ended(.complete))
        #expect(walk.frames.map(\.pc) == [inner, outer + 9, program.root])
        #expect(walk.frames.map(\.sp) == [Self.start, Self.start + 16, Self.start + 0x30])
    }

    /// CFA = [rbp − 8]: a stack that was realigned.
    @Test func dereference() {
        let words = { (program: HandMadeProgram) in [1, Self.start + 40, Self.start + 99, 3, program.root] }
        let code: [UInt8] = [0x0f, 3, 0x76, 0x78, 0x06, 0x10, 6, 2, 0x76, 0]
        expectRoot(step(code, words, framePointer: Self.start + 16), sp: Self.start + 40)
    }

    /// The same rule in the two halves of a PLT's entry.
    @Test func plt() {
        let code: [UInt8] = [0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22]
        for offset in 0..<16 as Range<UInt64> {
            let pushed = offset >= 11
            let result = step(code, { pushed ? [7, $0.root] : [$0.root, 7] }, at: offset)
            expectRoot(result, sp: Self.start + (pushed ? 16 : 8), "at \(offset)")
        }
    }

    /// What does not fit into a word is walked with all registers.
    static let wide: [(String, [UInt8], [Int: UInt64])] = [
        ("CFA in rbx", [0x0c, 3, 16], [3: start + 8]), ("CFA in r10", [0x0c, 10, 0], [10: start + 24]),
        ("any expression", [0x0f, 4, 0x73, 0, 0x23, 16], [3: start + 8]),
        ("return address by expression", [0x0e, 24, 0x10, 16, 2, 0x77, 16], [:]),
        ("return address in r11", [0x0e, 24, 0x09, 16, 11], [11: 0x40_0010]),
        ("return address computed", [0x0e, 24, 0x16, 16, 5, 0x0c, 0x10, 0, 0x40, 0], [:]),
        ("CFA = CFA", [0x0c, 3, 16, 0x14, 7, 0], [3: start + 8]),
    ]

    @Test(arguments: wide) func allRegisters(_ name: String, _ code: [UInt8], _ registers: [Int: UInt64]) {
        expectRoot(step(code, { [1, 2, $0.root, 4] }, registers: registers), sp: Self.start + 24, name)
    }

    /// A callee-saved register goes through frames that save it before a rule counts from it.
    @Test func savedRegister() {
        var program = HandMadeProgram()
        let outer = program.assembler.add([0x0c, 3, 16])
        let middle = program.assembler.add([0x0e, 16, 0x83, 2])
        let inner = program.assembler.add([0x0e, 16])
        let words = [0, middle + 5, Self.start + 0x28, outer + 5, 0, 0, program.root]
        let walk = program.walk(HandMadeStack(words: words, pc: inner, registers: [3: 0x6666]))
        #expect(walk.outcome == .ended(.complete))
        #expect(walk.frames.map(\.pc) == [inner, middle + 5, outer + 5, program.root])
        #expect(walk.frames.last?.sp == Self.start + 0x38)
    }

    /// Through the kernel's frame, where the interrupted code is looked up at its own address, not before it.
    @Test func signal() {
        var program = HandMadeProgram()
        let handlerReturn = program.assembler.add(UnwindRuleTests.kernelFrame, isSignal: true)
        let interrupted = program.assembler.add([0x0c, 6, 16, 0x86, 2])
        var words = [UInt64](repeating: 0, count: 40)
        words[120 / 8] = Self.start + 0xf0
        words[160 / 8] = Self.start + 0xc0
        words[168 / 8] = interrupted
        words[0xf8 / 8] = program.root
        let walk = program.walk(HandMadeStack(words: words, pc: handlerReturn))
        #expect(walk.frames.map(\.pc) == [handlerReturn, interrupted, program.root])
        #expect(walk.frames.map(\.isExact) == [true, true, false])
        #expect(walk.frames.map(\.sp) == [Self.start, Self.start + 0xc0, Self.start + 0x100])
    }

    /// A word above the copy: the copy was too small, or the stack is not what it seems.
    @Test func beyondTheCopy() {
        #expect(step([0x0e, 24], { _ in [1, 2] }, isCut: true).walk.outcome == .ended(.truncated))
        #expect(step([0x0e, 24], { _ in [1, 2] }).walk.outcome == .ended(.broken(.badStackPointer)))
        let far = step([0x0c, 6, 16], { _ in [1, 2] }, framePointer: 0x7fff_0000_0000, isCut: true)
        #expect(far.walk.refusal == .outside)
    }

    @Test func refusals() {
        #expect(step([0x0e, 0], { _ in [1, 2] }).walk.refusal == .backwards)
        #expect(step([0x0c, 6, 0], { _ in [1, 2] }, framePointer: Self.start - 8).walk.refusal == .backwards)
        #expect(step([0x3f], { _ in [1, 2] }).walk.refusal == .malformed)
        #expect(step([0x0f, 1, 0x9c], { _ in [1, 2] }).walk.refusal == .registers)
        #expect(step([0x0e, 24], { _ in [] }).walk.refusal == .noStack)
    }

    /// A return address of 0 ends the chain.
    @Test func zero() {
        let walk = step([], { _ in [0, 1] }).walk
        #expect(walk.outcome == .ended(.complete) && walk.frames.count == 1)
    }

    /// A rule that leads back to the same frame ends somewhere.
    @Test func endless() {
        let walk = step([0x0c, 3, 8, 0x87, 0], { _ in [0x40_0104, Self.start] }, registers: [3: Self.start]).walk
        #expect(walk.outcome == .ended(.broken(.loop)) && walk.frames.count < 100)
    }

    /// Functions whose instructions take long to run: a walk does not go on with them for ever.
    @Test func endlessPrograms() {
        var program = HandMadeProgram()
        let long = [UInt8](repeating: 0, count: 100_000) + [0x0e, 8]
        let functions = (0..<40).map { _ in program.assembler.add(long) }
        let words = functions.map { $0 + 4 } + [program.root]
        let first = program.walk(HandMadeStack(words: words, pc: functions[0]))
        #expect(first.outcome == .ended(.broken(.unwinder)) && first.frames.count < 12)
    }

    /// The walk stops in front of a runtime's frame, but walks it if it comes first.
    @Test func foreign() {
        var program = HandMadeProgram()
        let runtime = program.assembler.add([0x0e, 8])
        let native = program.assembler.add([0x0e, 8])
        let space = program.space
        space.foreign = runtime..<native
        let words = [runtime + 4, program.root]
        let outside = program.walk(HandMadeStack(words: words, pc: native, framePointer: 5), in: space)
        #expect(outside.outcome == .handedBack(pc: runtime + 4, sp: Self.start + 8, framePointer: 5))
        #expect(outside.frames.map(\.pc) == [native])
        let inside = program.walk(HandMadeStack(words: [program.root], pc: runtime), in: space)
        #expect(inside.outcome == .ended(.complete) && inside.frames.map(\.pc) == [runtime, program.root])
    }

    /// A replaced mapping has another generation: the rules of what was there before are not used.
    @Test func generations() {
        let engine = RuleEngine(counters: UnwindCounters())
        for (generation, size) in [(1, 24), (2, 16), (3, 24)] as [(UInt64, UInt8)] {
            var program = HandMadeProgram()
            let function = program.assembler.add([0x0e, size])
            let space = FlatSpace(
                program.space.images.map { image in
                    MappedImage(range: image.range, bias: 0, bytes: program.assembler.image(number: generation))
                }, generation: generation)
            var words = [UInt64](repeating: 1, count: 4)
            words[Int(size) / 8 - 1] = program.root
            var frames: [UnwoundFrame] = []
            HandMadeStack(words: words, pc: function).withSample { sample in
                for _ in 0..<2 {
                    frames = []
                    _ = engine.unwind(sample, in: space, into: &frames)
                    #expect(frames.map(\.pc) == [function, program.root])
                }
            }
        }
    }

    /// Each look-up is counted once, by what answered it.
    @Test func counters() {
        let counters = UnwindCounters()
        let engine = RuleEngine(counters: counters)
        var program = HandMadeProgram()
        let function = program.assembler.add([0x0e, 8])
        let image = program.assembler.image(number: 9)
        for generation in 1...2 as ClosedRange<UInt64> {
            let range = program.space.images[0].range
            let space = FlatSpace([MappedImage(range: range, bias: 0, bytes: image)], generation: generation)
            HandMadeStack(words: [program.root], pc: function).withSample { sample in
                for _ in 0..<10 {
                    var frames: [UnwoundFrame] = []
                    _ = engine.unwind(sample, in: space, into: &frames)
                }
            }
        }
        #expect(counters.frames.value == 40 && counters.decoded.value == 2 && counters.shared.value == 2)
        #expect(counters.hits == 36)
    }
}
