/// Whether libunwind may follow the rules of an address.
///
/// It believes more of what it reads than it may (1.6.2): a rule that takes one register from another reads beyond its
/// table for a number that is no register (src/dwarf/Gparser.c, `apply_reg_state`), and in expressions (Gexpr.c) a branch
/// runs without end and a division traps. Compilers write none of this; what they write is let through.
struct SoundRules {
    /// Bytes of instructions that may still be looked at; one walk may look at no more than the fast engine's.
    private var remaining: UInt64 = 1 << 20

    /// Checks the row of an address of the image, by an entry of its table that may cover it.
    mutating func hold(at address: UInt64, _ entry: UInt64, of table: UnwindTable, in image: any ImageBytes) -> Bool {
        do throws(CfiError) {
            let record = try table.description(entry, in: image)
            let place = try FrameDescription.cie(ofRecordAt: record, in: image)
            let common = try CommonInformation(at: place, in: image)
            let description = try FrameDescription(at: record, cie: place, common, in: image)
            guard description.code.contains(address), common.returnColumn == 16 else { return false }
            let cost = common.instructionCount &+ description.instructionCount
            guard cost <= remaining else { return false }
            remaining -= cost
            return try Self.isSound(try CfaProgram.row(at: address, description, common, in: image), in: image)
        } catch {
            return false
        }
    }

    private static func isSound(_ row: UnwindRow, in image: any ImageBytes) throws(CfiError) -> Bool {
        guard !row.hasOtherRegisters else { return false }
        if row.cfa.expressionCount == 0 {
            guard isRegister(row.cfa.register) else { return false }
        } else if try !isSoundExpression(row.cfa.value, row.cfa.expressionCount, in: image) {
            return false
        }
        for number in 0..<UnwindRow.registerCount {
            let rule = row.registers[number]
            switch rule.kind {
            case .same, .undefined, .offset, .valueOffset: continue
            case .register: guard isRegister(UInt64(bitPattern: rule.value)) else { return false }
            case .expression, .valueExpression:
                guard try isSoundExpression(rule.value, rule.count, in: image) else { return false }
            }
        }
        return true
    }

    private static func isRegister(_ number: UInt64) -> Bool { number < UInt64(UnwindRow.registerCount) }

    /// Each operation pushes at most one value, and libunwind's stack has 64 places.
    private static let maximumExpression: UInt16 = 63

    /// Whether an expression has only operations that go on to the next and end.
    private static func isSoundExpression(
        _ address: Int64, _ count: UInt16, in image: any ImageBytes
    ) throws(CfiError) -> Bool {
        guard count <= maximumExpression else { return false }
        var cursor = ByteCursor(image, at: UInt64(bitPattern: address), count: UInt64(count))
        while cursor.remaining > 0 {
            guard try passOperation(&cursor) else { return false }
        }
        return true
    }

    /// Goes behind an operation; false for one that is not let through (DWARF 5, 7.7.1).
    private static func passOperation(_ cursor: inout ByteCursor) throws(CfiError) -> Bool {
        let operation = try cursor.byte()
        switch operation {
        case 0x03, 0x0e, 0x0f: try cursor.skip(8)  // addr, const8u, const8s
        case 0x08, 0x09, 0x15, 0x94: try cursor.skip(1)  // const1u, const1s, pick, deref_size
        case 0x0a, 0x0b: try cursor.skip(2)  // const2u, const2s
        case 0x0c, 0x0d: try cursor.skip(4)  // const4u, const4s
        case 0x10, 0x11, 0x23: _ = try cursor.uleb128()  // constu, consts, plus_uconst
        case 0x06, 0x12...0x14, 0x16, 0x17, 0x96: break  // deref, dup, drop, over, swap, rot, nop
        case 0x19, 0x1a, 0x1c, 0x1e...0x22, 0x24...0x27, 0x29...0x2e: break  // arithmetic without div and mod
        case 0x30...0x4f, 0x50...0x60: break  // lit0…31, reg0…16
        case 0x70...0x80: _ = try cursor.sleb128()  // breg0…16
        case 0x90: return isRegister(try cursor.uleb128())  // regx
        case 0x92:  // bregx
            guard isRegister(try cursor.uleb128()) else { return false }
            _ = try cursor.sleb128()
        default: return false
        }
        return true
    }
}
