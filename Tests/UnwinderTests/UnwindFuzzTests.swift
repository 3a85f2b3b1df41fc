import Model
import TestKit
import Testing

@testable import Unwinder

/// Changed tables, headers and stacks: whatever comes out, it comes out soon, and frames lie inside of the stack's copy.
struct UnwindFuzzTests {
    /// A program with every kind of rule, and a stack in it.
    private static let program: HandMadeProgram = {
        var program = HandMadeProgram()
        for code in CfaProgramTests.cfas.map(\.1) + CfaProgramTests.registers.map(\.1) + UnwindRuleTests.wide.map(\.1) {
            program.assembler.add(code, size: 0x20)
        }
        for (_, code, _) in CfaExpressionTests.results where code.count < 128 {
            program.assembler.add([0x0f, UInt8(code.count)] + code, size: 0x20)
        }
        return program
    }()

    private static let code = program.space.images[0].range

    private static func stack(_ generator: inout SeededGenerator) -> HandMadeStack {
        func address() -> UInt64 { code.lowerBound + UInt64(generator.below(code.count)) }
        let words = (0..<64).map { _ in
            switch generator.below(4) {
            case 0: HandMadeStack.start + UInt64(generator.below(80)) * 8
            case 1: generator.next()
            default: address()
            }
        }
        var stack = HandMadeStack(words: words, pc: address())
        stack.framePointer = HandMadeStack.start + UInt64(generator.below(512))
        for register in [3, 10, 12] { stack.registers[register] = HandMadeStack.start + UInt64(generator.below(600)) }
        return stack
    }

    @Test(arguments: 0..<40 as Range<UInt64>) func mutations(_ seed: UInt64) {
        var generator = SeededGenerator(seed)
        let original = Self.program.assembler.bytes()
        let engine = RuleEngine(counters: UnwindCounters())
        for round in 0..<50 as Range<UInt64> {
            let bytes = round == 0 ? original : generator.mutated(original)
            let image = FlatImage(address: CfiAssembler.tableAddress, bytes, number: seed * 1000 + round + 1)
            let size = UInt64(bytes.count)
            let section = CfiAssembler.tableAddress + UInt64(12 + Self.program.assembler.functions.count * 8)
            image.unwindTable =
                UnwindTable(header: CfiAssembler.tableAddress, size: size, in: image)
                ?? UnwindTable(ehFrame: section, size: size, in: image)
            let space = FlatSpace(
                [MappedImage(range: Self.code, bias: 0, bytes: image)], generation: seed * 1000 + round + 1)
            for _ in 0..<50 { walk(Self.stack(&generator), engine, space) }
        }
    }

    private func walk(_ stack: HandMadeStack, _ engine: RuleEngine, _ space: FlatSpace) {
        var frames: [UnwoundFrame] = []
        stack.withSample { sample in
            guard case .walked = engine.unwind(sample, in: space, into: &frames) else { return }
            #expect(!frames.isEmpty && frames.first?.pc == stack.pc)
            // At most one frame for each word between two setbacks.
            #expect(frames.count <= 65 * RuleEngine.maximumSetbacks)
        }
    }
}
