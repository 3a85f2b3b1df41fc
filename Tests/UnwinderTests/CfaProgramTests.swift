import TestKit
import Testing

@testable import Unwinder

/// Every call frame instruction, assembled by hand (DWARF 5, 7.24) and run: the row is known.
struct CfaProgramTests {
    private static let rule = RegisterRule.self

    @Test func initialRow() throws {
        let row = try #require(try UnwindRow.after([]))
        #expect(row.cfa == CfaRule(register: 7, value: 8))
        #expect(row.registers[16] == RegisterRule(kind: .offset, value: -8))
        #expect(row.registers[6] == RegisterRule())
        #expect(!row.isSignalFrame)
    }

    /// Instructions behind the address are not run: an advance of one byte, then CFA = rsp + 16.
    static let advances: [(String, [UInt8], UInt64)] = [
        ("advance_loc", [0x41], 1), ("advance_loc1", [0x02, 0x20], 0x20), ("advance_loc2", [0x03, 0x00, 0x01], 0x100),
        ("advance_loc4", [0x04, 0x02, 0x01, 0, 0], 0x102), ("set_loc", [], 0x40),
    ]

    @Test(arguments: advances) func advance(_ name: String, _ code: [UInt8], _ distance: UInt64) throws {
        var assembler = CfiAssembler()
        var code = code
        if name == "set_loc" {
            // Relative to its own place: behind header (12 + 8), CIEs, length, CIE pointer, pc, size, augmentation, opcode.
            var probe = CfiAssembler()
            probe.add([])
            let place = CfiAssembler.tableAddress + UInt64(probe.bytes().count) - 4 + 1
            code = [0x01] + .little(Int32(Int64(CfiAssembler.codeAddress + distance) - Int64(place)))
        }
        let address = assembler.add(code + [0x0e, 16], size: 0x200)
        let image = assembler.image()
        #expect(try RuleSource.fresh.row(at: address + distance - 1, in: image)?.cfa.value == 8)
        #expect(try RuleSource.fresh.row(at: address + distance, in: image)?.cfa.value == 16)
    }

    @Test func codeAlignment() throws {
        let row = { try UnwindRow.after([0x41, 0x0e, 16], at: $0) { $0.codeAlignment = 4 } }
        #expect(try row(3)?.cfa.value == 8)
        #expect(try row(4)?.cfa.value == 16)
    }

    static let cfas: [(String, [UInt8], CfaRule)] = [
        ("def_cfa", [0x0c, 6, 0x90, 1], CfaRule(register: 6, value: 144)),
        ("def_cfa_register", [0x0d, 6], CfaRule(register: 6, value: 8)),
        ("def_cfa_offset", [0x0e, 0x80, 1], CfaRule(register: 7, value: 128)),
        ("def_cfa_sf", [0x12, 10, 0x7e], CfaRule(register: 10, value: 16)),
        ("def_cfa_offset_sf", [0x13, 0x7d], CfaRule(register: 7, value: 24)),
        ("args_size", [0x2e, 0x90, 1], CfaRule(register: 7, value: 8)),
        ("nop", [0, 0, 0], CfaRule(register: 7, value: 8)),
    ]

    @Test(arguments: cfas) func cfa(_ name: String, _ code: [UInt8], _ expected: CfaRule) throws {
        #expect(try UnwindRow.after(code)?.cfa == expected, "\(name)")
    }

    static let registers: [(String, [UInt8], Int, RegisterRule)] = [
        ("offset", [0x86, 2], 6, .init(kind: .offset, value: -16)),
        ("offset_extended", [0x05, 15, 3], 15, .init(kind: .offset, value: -24)),
        ("offset_extended_sf", [0x11, 3, 0x7f], 3, .init(kind: .offset, value: 8)),
        ("GNU_negative_offset_extended", [0x2f, 3, 2], 3, .init(kind: .offset, value: 16)),
        ("val_offset", [0x14, 7, 1], 7, .init(kind: .valueOffset, value: -8)),
        ("val_offset_sf", [0x15, 7, 0x7e], 7, .init(kind: .valueOffset, value: 16)),
        ("undefined", [0x07, 16], 16, .init(kind: .undefined)),
        ("same_value", [0x86, 2, 0x08, 6], 6, .init(kind: .same)),
        ("register", [0x09, 16, 5], 16, .init(kind: .register, value: 5)),
        ("restore", [0x90, 4, 0xd0], 16, .init(kind: .offset, value: -8)),
        ("restore_extended", [0x90, 4, 0x06, 16], 16, .init(kind: .offset, value: -8)),
        ("vectors are passed over", [0x91, 2, 0x05, 17, 3, 0x86, 2], 6, .init(kind: .offset, value: -16)),
    ]

    @Test(arguments: registers)
    func register(_ name: String, _ code: [UInt8], _ register: Int, _ expected: RegisterRule) throws {
        #expect(try UnwindRow.after(code)?.registers[register] == expected, "\(name)")
    }

    @Test func expressions() throws {
        let row = try #require(try UnwindRow.after([0x0f, 2, 0x77, 8, 0x10, 6, 1, 0x30, 0x16, 3, 2, 0x31, 0x32]))
        #expect(row.cfa.expressionCount == 2)
        #expect(row.registers[6].kind == .expression && row.registers[6].count == 1)
        #expect(row.registers[3].kind == .valueExpression && row.registers[3].count == 2)
        #expect(row.registers[6].value == row.cfa.value + 5 && row.registers[3].value == row.cfa.value + 9)
    }

    /// Everything is remembered, also the CFA; states nest.
    @Test func states() throws {
        let code: [UInt8] = [0x0a, 0x0e, 16, 0x86, 2, 0x0a, 0x0e, 24, 0x41, 0x0b, 0x41, 0x0b]
        #expect(try UnwindRow.after(code, at: 0)?.cfa.value == 24)
        #expect(try UnwindRow.after(code, at: 1)?.cfa.value == 16)
        #expect(try UnwindRow.after(code, at: 1)?.registers[6].kind == .offset)
        #expect(try UnwindRow.after(code, at: 2)?.cfa.value == 8)
        #expect(try UnwindRow.after(code, at: 2)?.registers[6].kind == .same)
    }

    static let malformed: [(String, [UInt8])] = [
        ("restore_state without a state", [0x0b]), ("unknown instruction", [0x3f, 0]), ("window_save", [0x2d, 0]),
        ("cut operand", [0x0c, 7]), ("cut number", [0x0e, 0x80]), ("expression beyond the end", [0x0f, 9, 0x30]),
        ("empty expression", [0x0f, 0]), ("too many states", [UInt8](repeating: 0x0a, count: 17)),
        ("endless number", [0x0e] + [UInt8](repeating: 0x80, count: 11)),
    ]

    @Test(arguments: malformed) func refuses(_ name: String, _ code: [UInt8]) {
        #expect(throws: CfiError.malformed, "\(name)") { try UnwindRow.after(code) }
    }

    /// Two times a state is remembered at most as often as a program may.
    @Test func deepestState() throws {
        let code = [UInt8](repeating: 0x0a, count: 16) + [0x0e, 16] + [UInt8](repeating: 0x0b, count: 16)
        #expect(try UnwindRow.after(code)?.cfa.value == 8)
    }

    @Test func otherArchitectures() {
        #expect(throws: CfiError.malformed) { try UnwindRow.after([]) { $0.returnColumn = 30 } }
    }

    /// Addresses before, between and behind functions have no row.
    @Test func coverage() throws {
        var assembler = CfiAssembler()
        let first = assembler.add([0x0e, 16], size: 0x10)
        let second = assembler.add([0x0e, 24], size: 0x10)
        let image = assembler.image()
        let cfa = { try RuleSource.fresh.row(at: $0, in: image)?.cfa.value }
        #expect(try cfa(first - 1) == nil)
        #expect(try cfa(first) == 16)
        #expect(try cfa(first + 0xf) == 16)
        #expect(try cfa(second) == 24)
        #expect(try cfa(second + 0x10) == nil)
        #expect(try cfa(.max) == nil)
        #expect(try cfa(0) == nil)
    }
}
