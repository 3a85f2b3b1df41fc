/// Runs call frame instructions up to an address: the whole set of DWARF 5, 6.4.2, and GNU's two.
struct CfaProgram {
    /// States remembered at the same time; compilers use one or two.
    static let maximumDepth = 16

    private let common: CommonInformation
    /// The row so far.
    private var row = UnwindRow()
    /// The row that restore instructions go back to.
    private var initial = UnwindRow()
    private var remembered: [UnwindRow] = []
    /// Address in the image that the row holds from.
    private var location: UInt64

    /// The row of a frame at an address of the image, by the instructions of its FDE.
    static func row(
        at address: UInt64, _ description: FrameDescription, _ common: CommonInformation, in image: any ImageBytes
    ) throws(CfiError) -> UnwindRow {
        var program = CfaProgram(common, location: description.code.lowerBound)
        var cursor = ByteCursor(image, at: common.instructions, count: common.instructionCount)
        try program.run(&cursor, upTo: .max)
        program.initial = program.row
        program.location = description.code.lowerBound
        cursor = ByteCursor(image, at: description.instructions, count: description.instructionCount)
        try program.run(&cursor, upTo: address)
        program.row.isSignalFrame = common.isSignalFrame
        return program.row
    }

    private init(_ common: CommonInformation, location: UInt64) {
        self.common = common
        self.location = location
    }

    /// Goes on until the next row would start behind the address.
    private mutating func run(_ cursor: inout ByteCursor, upTo address: UInt64) throws(CfiError) {
        while cursor.remaining > 0, location <= address {
            let opcode = try cursor.byte()
            let operand = UInt64(opcode & 0x3f)
            switch opcode >> 6 {
            case 1: advance(operand)
            case 2: set(operand, .offset, factored(try cursor.uleb128()))
            case 3: restore(operand)
            default: try runExtended(opcode, &cursor)
            }
        }
    }

    private mutating func runExtended(_ opcode: UInt8, _ cursor: inout ByteCursor) throws(CfiError) {
        switch opcode {
        case 0x00: break  // nop
        case 0x01: location = try cursor.pointer(common.pointerEncoding)  // set_loc
        case 0x02: advance(try cursor.unsigned(1))  // advance_loc1
        case 0x03: advance(try cursor.unsigned(2))  // advance_loc2
        case 0x04: advance(try cursor.unsigned(4))  // advance_loc4
        case 0x0a:  // remember_state
            guard remembered.count < Self.maximumDepth else { throw .malformed }
            remembered.append(row)
        case 0x0b:  // restore_state
            guard let last = remembered.popLast() else { throw .malformed }
            row = last
        case 0x0c...0x0f, 0x12, 0x13: try defineCfa(opcode, &cursor)
        case 0x2e: _ = try cursor.uleb128()  // GNU_args_size: for landing pads alone
        default: try runRegister(opcode, &cursor)
        }
    }

    private mutating func defineCfa(_ opcode: UInt8, _ cursor: inout ByteCursor) throws(CfiError) {
        switch opcode {
        case 0x0c:  // def_cfa
            row.cfa = CfaRule(register: try cursor.uleb128(), value: Int64(bitPattern: try cursor.uleb128()))
        case 0x0d:  // def_cfa_register
            row.cfa.register = try cursor.uleb128()
            row.cfa.expressionCount = 0
        case 0x0e: row.cfa.value = Int64(bitPattern: try cursor.uleb128())  // def_cfa_offset
        case 0x0f:  // def_cfa_expression
            let (address, count) = try expression(&cursor)
            row.cfa = CfaRule(value: address, expressionCount: count)
        case 0x12:  // def_cfa_sf
            row.cfa = CfaRule(register: try cursor.uleb128(), value: factored(try cursor.sleb128()))
        default: row.cfa.value = factored(try cursor.sleb128())  // def_cfa_offset_sf
        }
    }

    /// Instructions whose first operand is a register.
    private mutating func runRegister(_ opcode: UInt8, _ cursor: inout ByteCursor) throws(CfiError) {
        let register = try cursor.uleb128()
        switch opcode {
        case 0x05: set(register, .offset, factored(try cursor.uleb128()))  // offset_extended
        case 0x06: restore(register)  // restore_extended
        case 0x07: set(register, .undefined, 0)
        case 0x08: set(register, .same, 0)
        case 0x09: set(register, .register, Int64(bitPattern: try cursor.uleb128()))
        case 0x10:
            let (address, count) = try expression(&cursor)
            set(register, .expression, address, count: count)
        case 0x11: set(register, .offset, factored(try cursor.sleb128()))  // offset_extended_sf
        case 0x14: set(register, .valueOffset, factored(try cursor.uleb128()))  // val_offset
        case 0x15: set(register, .valueOffset, factored(try cursor.sleb128()))  // val_offset_sf
        case 0x16:
            let (address, count) = try expression(&cursor)
            set(register, .valueExpression, address, count: count)
        case 0x2f: set(register, .offset, 0 &- factored(try cursor.uleb128()))  // GNU_negative_offset_extended
        default: throw .malformed
        }
    }

    private mutating func advance(_ distance: UInt64) { location &+= distance &* common.codeAlignment }

    private func factored(_ distance: UInt64) -> Int64 { factored(Int64(bitPattern: distance)) }
    private func factored(_ distance: Int64) -> Int64 { distance &* common.dataAlignment }

    /// Registers that are not followed may have any rule.
    private mutating func set(_ register: UInt64, _ kind: RegisterRule.Kind, _ value: Int64, count: UInt16 = 0) {
        guard register < UInt64(UnwindRow.registerCount) else {
            row.hasOtherRegisters = true
            return
        }
        row.registers[Int(register)] = RegisterRule(kind: kind, count: count, value: value)
    }

    private mutating func restore(_ register: UInt64) {
        guard register < UInt64(UnwindRow.registerCount) else { return }
        row.registers[Int(register)] = initial.registers[Int(register)]
    }

    /// Address in the image of an expression, and its size; it is passed over.
    private func expression(_ cursor: inout ByteCursor) throws(CfiError) -> (address: Int64, count: UInt16) {
        guard let count = UInt16(exactly: try cursor.uleb128()), count > 0 else { throw .malformed }
        let address = Int64(bitPattern: cursor.address)
        try cursor.skip(UInt64(count))
        return (address, count)
    }
}
