/// A CIE: what many FDEs share (LSB core 5.0, 10.6.1.1; DWARF 5, 6.4.1).
struct CommonInformation {
    /// What distances in code are multiplied with.
    var codeAlignment: UInt64 = 1
    /// What distances on the stack are multiplied with.
    var dataAlignment: Int64 = 1
    /// The column of the return address, 16 on x86-64.
    var returnColumn: UInt64 = 0
    /// How the addresses of code are written in the FDEs (DW_EH_PE_…).
    var pointerEncoding: UInt8 = 0
    /// Whether FDEs have augmentation data, preceded by its size.
    var hasAugmentationData = false
    /// Whether the code is where a signal handler returns to: the frame above it was interrupted, not left by a call.
    var isSignalFrame = false
    /// Address in the image of the initial instructions, and how many bytes they are.
    var instructions: UInt64 = 0
    var instructionCount: UInt64 = 0

    /// CIEs are some dozens of bytes; this is beyond any.
    static let maximumSize: UInt64 = 1 << 16

    /// Reads the CIE at an address of the image.
    init(at address: UInt64, in image: any ImageBytes) throws(CfiError) {
        var cursor = ByteCursor(image, at: address, count: Self.maximumSize)
        try cursor.limit(to: try cursor.unsigned(4))
        guard try cursor.unsigned(4) == 0 else { throw .malformed }
        let version = try cursor.byte()
        guard version == 1 || version == 3 else { throw .malformed }
        let letters = try Self.letters(&cursor)
        codeAlignment = try cursor.uleb128()
        dataAlignment = try cursor.sleb128()
        returnColumn = version == 1 ? UInt64(try cursor.byte()) : try cursor.uleb128()
        try readAugmentation(letters, &cursor)
        instructions = cursor.address
        instructionCount = cursor.remaining
    }

    /// The augmentation's letters, at most eight of them, the first in the lowest byte.
    private static func letters(_ cursor: inout ByteCursor) throws(CfiError) -> UInt64 {
        var letters: UInt64 = 0
        for index in 0..<9 as Range<UInt64> {
            let letter = try cursor.byte()
            if letter == 0 { return letters }
            if index == 8 { break }
            letters |= UInt64(letter) << (index * 8)
        }
        throw .malformed
    }

    private mutating func readAugmentation(_ letters: UInt64, _ cursor: inout ByteCursor) throws(CfiError) {
        guard letters != 0 else { return }
        guard UInt8(truncatingIfNeeded: letters) == UInt8(ascii: "z") else { throw .malformed }
        hasAugmentationData = true
        let size = try cursor.uleb128()
        let behind = cursor.address &+ size
        guard size <= cursor.remaining else { throw .malformed }
        var letters = letters >> 8
        while letters != 0 {
            switch UInt8(truncatingIfNeeded: letters) {
            case UInt8(ascii: "R"): pointerEncoding = try cursor.byte()
            case UInt8(ascii: "L"): _ = try cursor.byte()
            case UInt8(ascii: "P"): _ = try cursor.offset(try cursor.byte())
            case UInt8(ascii: "S"): isSignalFrame = true
            case UInt8(ascii: "B"): break
            default: throw .malformed
            }
            letters >>= 8
        }
        try cursor.skip(behind &- cursor.address)
    }
}
