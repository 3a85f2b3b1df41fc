import Model
import TestKit
import Testing

@testable import Unwinder

/// A stack by hand: words from an address upwards, and the registers of its leaf.
struct HandMadeStack {
    static let start: UInt64 = 0x7000
    var words: [UInt64]
    var pc: UInt64
    var framePointer: UInt64 = 0
    var isCut = false
    /// Other registers, by their DWARF numbers.
    var registers: [Int: UInt64] = [:]

    /// Lends the copy to a body.
    func withSample<Result>(_ body: (StackSample) -> Result) -> Result {
        var registers = Registers()
        for (number, value) in self.registers { registers.values[number] = value }
        registers.instructionPointer = pc
        registers.stackPointer = Self.start
        registers.framePointer = framePointer
        let bytes = words.flatMap { [UInt8].little($0) }
        return unsafe bytes.withUnsafeBytes { buffer in
            body(unsafe StackSample(registers: registers, stack: buffer, isCut: isCut))
        }
    }
}

/// A program of assembled functions, and stacks in it walked by the engine.
struct HandMadeProgram {
    var assembler = CfiAssembler()
    /// A function whose return address is undefined.
    let root: UInt64

    init() { root = assembler.add([0x07, 16]) + 0x10 }

    var space: FlatSpace {
        let range = CfiAssembler.codeAddress..<assembler.nextFunction
        return FlatSpace([MappedImage(range: range, bias: 0, bytes: assembler.image(number: 1))])
    }

    struct Walk {
        var frames: [UnwoundFrame] = []
        /// `nil` if the engine refused.
        var outcome: UnwindOutcome?
        var refusal: FallbackReason?
        /// Addresses that symbols are looked up by.
        var addresses: [UInt64] { frames.map(\.lookupAddress) }
    }

    func walk(_ stack: HandMadeStack, in space: FlatSpace? = nil) -> Walk {
        let engine = RuleEngine(counters: UnwindCounters())
        var walk = Walk()
        stack.withSample { sample in
            switch engine.unwind(sample, in: space ?? self.space, into: &walk.frames) {
            case .walked(let outcome): walk.outcome = outcome
            case .refused(let reason): walk.refusal = reason
            }
        }
        return walk
    }
}

/// Each kind of rule: the row that makes it, and one step by it with a known outcome.
struct UnwindRuleTests {
    /// The rule at the start of a function with some instructions.
    private func rule(_ instructions: [UInt8], _ change: (inout CfiAssembler) -> Void = { _ in }) throws -> UnwindRule {
        var assembler = CfiAssembler()
        change(&assembler)
        let address = assembler.add(instructions)
        let image = assembler.image()
        let row = try #require(try RuleSource.fresh.row(at: address, in: image))
        return try UnwindRule(row, in: image)
    }

    @Test func register() throws {
        let rule = try rule([0x0c, 6, 16, 0x86, 2])
        #expect(rule.kind == .register && rule.countsFromFramePointer && rule.offset == 16)
        #expect(rule.framePointer == .atCfa && rule.framePointerOffset == 0 &- 16)
        let plain = try self.rule([0x0e, 0xf8, 0xff, 0x03])
        #expect(plain.kind == .register && !plain.countsFromFramePointer && plain.offset == 0xfff8)
        #expect(plain.framePointer == .same)
    }

    /// A place below the stack pointer holds nothing any more.
    @Test func poppedFramePointer() throws {
        #expect(try rule([0x0e, 8, 0x86, 2]).framePointer == .same)
        #expect(try rule([0x0e, 16, 0x86, 2]).framePointer == .atCfa)
    }

    @Test func dereference() throws {
        let rule = try rule([0x0f, 3, 0x76, 0x78, 0x06, 0x10, 6, 2, 0x76, 0])
        #expect(rule.kind == .dereference && rule.countsFromFramePointer && rule.shortOffset == 0 &- 8)
        #expect(rule.addend == 0 && rule.framePointer == .atFramePointer && rule.framePointerOffset == 0)
        let added = try self.rule([0x0f, 6, 0x77, 0x90, 1, 0x06, 0x23, 8])
        #expect(added.kind == .dereference && added.shortOffset == 144 && added.addend == 8)
    }

    @Test func ends() throws {
        #expect(try rule([0x07, 16]).kind == .end)
        #expect(try rule([0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3a, 0x2a, 0x33, 0x24, 0x22]).kind == .plt)
    }

    static let wide: [(String, [UInt8])] = [
        ("CFA in rbx", [0x0c, 3, 16]), ("CFA in r10", [0x0c, 10, 0]), ("return address elsewhere", [0x90, 2]),
        ("return address in a register", [0x09, 16, 5]), ("rsp elsewhere", [0x87, 2]), ("rbp undefined", [0x07, 6]),
        ("rbp in a register", [0x09, 6, 3]), ("rbp far away", [0x86, 0x80, 0x80, 2]),
        ("CFA far away", [0x0e, 0x80, 0x80, 0x80, 0x80, 8]), ("any expression", [0x0f, 3, 0x77, 0, 0x12]),
        ("dereference far away", [0x0f, 5, 0x77, 0x80, 0x80, 4, 0x06]), ("rbp by rsp", [0x10, 6, 2, 0x77, 8]),
        ("dereference of rbx", [0x0f, 3, 0x73, 0, 0x06]),
    ]

    @Test(arguments: wide) func doesNotFit(_ name: String, _ code: [UInt8]) throws {
        #expect(try rule(code).kind == .wide, "\(name)")
    }

    static let kernelFrame: [UInt8] =
        [0x0f, 4, 0x77, 0xa0, 1, 0x06] + [0x10, 6, 3, 0x77, 0xf8, 0] + [0x10, 16, 3, 0x77, 0xa8, 1]

    @Test func signal() throws {
        #expect(try rule(Self.kernelFrame) { $0.augmentation = "zRS" }.kind == .signal)
        #expect(try rule(Self.kernelFrame).kind == .wide, "no signal frame")
        var other = Self.kernelFrame
        other[3] ^= 8
        #expect(try rule(other) { $0.augmentation = "zRS" }.kind == .wide)
    }
}
