/// A sorted table of pairs of signed 32-bit offsets: address of code, address of its FDE.
public struct UnwindTable: Sendable {
    /// Address in the image that the offsets count from.
    public let base: UInt64
    /// Address of the table in the image; 0 if it is in ``index``.
    public let entries: UInt64
    /// Number of pairs.
    public let entryCount: UInt64
    /// The table itself where the image has none.
    public let index: EhFrameIndex?

    /// A table made from `.eh_frame`.
    public init?(ehFrame address: UInt64, size: UInt64, in image: some ImageBytes) {
        guard let index = EhFrameIndex(address: address, size: size, in: image) else { return nil }
        base = address
        entries = 0
        entryCount = UInt64(index.words.count)
        self.index = index
    }

    /// Reads and checks `.eh_frame_hdr` (LSB core 5.0, 10.6.2): version 1, a table of DW_EH_PE_datarel | DW_EH_PE_sdata4, a 4-byte count.
    ///
    /// - Parameter size: size of the segment, which bounds the count.
    public init?(header: UInt64, size: UInt64, in image: some ImageBytes) {
        guard size >= 12, let word = image.readWord(atAddress: header) else { return nil }
        let version = word & 0xff
        let framePointerEncoding = (word >> 8) & 0xff
        let countEncoding = (word >> 16) & 0xff
        let tableEncoding = (word >> 24) & 0xff
        guard version == 1, countEncoding == 0x03, tableEncoding == 0x3b, framePointerEncoding & 0x0f == 0x0b,
            let second = image.readWord(atAddress: header &+ 8)
        else { return nil }
        let count = second & 0xffff_ffff
        guard count > 0, count <= (size - 12) / 8 else { return nil }
        base = header
        entries = header &+ 12
        entryCount = count
        index = nil
    }

    /// Number of the last pair whose code starts at or before an address of the image: O(log n); `nil` if none does.
    func entry(covering address: UInt64, in image: any ImageBytes) throws(CfiError) -> UInt64? {
        let offset = Int64(bitPattern: address &- base)
        var low: UInt64 = 0
        var high = entryCount
        while low < high {
            let middle = (low + high) / 2
            let code = Int64(Int32(truncatingIfNeeded: try word(middle, in: image)))
            if code <= offset { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }

    /// Address in the image of the FDE that a pair leads to.
    func description(_ number: UInt64, in image: any ImageBytes) throws(CfiError) -> UInt64 {
        base &+ UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: try word(number, in: image) >> 32)))
    }

    private func word(_ number: UInt64, in image: any ImageBytes) throws(CfiError) -> UInt64 {
        if let index { return index.words[Int(number)] }
        guard let word = image.readWord(atAddress: entries &+ number * 8) else { throw .unreadable }
        return word
    }
}
