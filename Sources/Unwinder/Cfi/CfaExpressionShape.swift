/// The few DWARF expressions that compilers and linkers write, told apart without running them.
enum CfaExpressionShape: Hashable {
    /// register + offset
    case sum(register: UInt64, offset: Int64)
    /// [register + offset] + addend: where a realigned stack keeps its old top.
    case dereferenced(register: UInt64, offset: Int64, addend: Int64)
    /// rsp + 8 + (rip & 15 ≥ threshold ? 8 : 0): entries of a PLT, which push once on their way.
    case plt(threshold: UInt64)
    /// Anything else.
    case other

    /// Longer expressions have none of these shapes.
    private static let maximumSize: UInt16 = 24

    /// Reads the expression of some bytes at an address of the image.
    init(at address: Int64, count: UInt16, in image: any ImageBytes) throws(CfiError) {
        self = .other
        guard count <= Self.maximumSize else { return }
        var cursor = ByteCursor(image, at: UInt64(bitPattern: address), count: UInt64(count))
        guard let (register, offset) = try Self.registerAndOffset(&cursor) else { return }
        if cursor.remaining == 0 {
            self = .sum(register: register, offset: offset)
        } else if register == 7, offset == 8, cursor.remaining > 6 {
            self = try Self.plt(&cursor)
        } else if try cursor.byte() == 0x06 {  // deref
            self = try Self.dereferenced(register, offset, &cursor)
        }
    }

    /// DW_OP_breg0…31 with its offset.
    private static func registerAndOffset(_ cursor: inout ByteCursor) throws(CfiError) -> (UInt64, Int64)? {
        let operation = try cursor.byte()
        guard (0x70...0x8f).contains(operation) else { return nil }
        return (UInt64(operation - 0x70), try cursor.sleb128())
    }

    private static func dereferenced(
        _ register: UInt64, _ offset: Int64, _ cursor: inout ByteCursor
    ) throws(CfiError) -> CfaExpressionShape {
        if cursor.remaining == 0 { return .dereferenced(register: register, offset: offset, addend: 0) }
        guard try cursor.byte() == 0x23 else { return .other }  // plus_uconst
        let addend = Int64(bitPattern: try cursor.uleb128())
        return cursor.remaining == 0 ? .dereferenced(register: register, offset: offset, addend: addend) : .other
    }

    /// breg16 0; lit15; and; lit(threshold); ge; lit3; shl; plus: as GNU ld writes it (bfd/elfxx-x86.c).
    private static func plt(_ cursor: inout ByteCursor) throws(CfiError) -> CfaExpressionShape {
        guard let (register, offset) = try registerAndOffset(&cursor), register == 16, offset == 0 else {
            return .other
        }
        guard cursor.remaining == 7, try cursor.byte() == 0x3f, try cursor.byte() == 0x1a else { return .other }
        let threshold = try cursor.byte()
        guard (0x30...0x3f).contains(threshold) else { return .other }
        guard try cursor.unsigned(4) == 0x2224_332a else { return .other }
        return .plt(threshold: UInt64(threshold - 0x30))
    }
}
