/// An FDE: how to unwind out of one range of code (LSB core 5.0, 10.6.1.2).
struct FrameDescription {
    /// Addresses in the image of the code.
    var code: Range<UInt64>
    /// Address in the image of the CIE.
    var cie: UInt64
    /// Address in the image of the instructions, and how many bytes they are.
    var instructions: UInt64
    var instructionCount: UInt64

    /// One function's instructions; the largest seen are some tens of kilobytes.
    static let maximumSize: UInt64 = 1 << 18

    /// Where the CIE of the FDE at an address lies.
    static func cie(ofRecordAt address: UInt64, in image: any ImageBytes) throws(CfiError) -> UInt64 {
        guard let word = image.readWord(atAddress: address) else { throw .unreadable }
        let distance = word >> 32
        // 0 is a CIE itself; 0xffffffff as a length starts a 64-bit record, which x86-64 does not use.
        guard distance != 0, word & 0xffff_ffff != 0xffff_ffff else { throw .malformed }
        return address &+ 4 &- distance
    }

    /// Reads the FDE at an address of the image.
    init(at address: UInt64, cie: UInt64, _ common: CommonInformation, in image: any ImageBytes) throws(CfiError) {
        var cursor = ByteCursor(image, at: address, count: Self.maximumSize)
        try cursor.limit(to: try cursor.unsigned(4))
        try cursor.skip(4)
        let start = try cursor.pointer(common.pointerEncoding)
        let size = try cursor.offset(common.pointerEncoding & 0x0f)
        let (end, overflow) = start.addingReportingOverflow(size)
        guard !overflow else { throw .malformed }
        code = start..<end
        self.cie = cie
        if common.hasAugmentationData { try cursor.skip(try cursor.uleb128()) }
        instructions = cursor.address
        instructionCount = cursor.remaining
    }
}
