/// The code of one process as an unwinder needs it: bytes and maps, nothing else.
public protocol CodeSpace: AnyObject {
    /// The image that covers an address, `nil` where nothing executable is mapped.
    func image(at address: UInt64) -> MappedImage?
    /// The 8 bytes at an address of read-only data of an image, such as its unwind tables: outside of its executable
    /// mappings, but at a fixed distance from them.
    func readData(at address: UInt64) -> UInt64?
    /// Whether the code at an address belongs to a runtime that reads its own frames: the walk is handed back there.
    func isForeign(_ address: UInt64) -> Bool
    /// Names this state of this address space: no other process ever has the same, and it changes when a mapping is
    /// replaced, so that caches keyed by address are dropped. Never 0.
    var generation: UInt64 { get }
}

/// An image where it is mapped.
public struct MappedImage {
    /// First address of the mapping and the first behind it.
    public var range: Range<UInt64>
    /// Address in the process minus address in the image.
    public var bias: UInt64
    /// The bytes; `nil` where the file cannot be read or there is none (JIT code).
    public var bytes: (any ImageBytes)?

    /// An image at a place.
    public init(range: Range<UInt64>, bias: UInt64, bytes: (any ImageBytes)?) {
        self.range = range
        self.bias = bias
        self.bytes = bytes
    }
}

/// Bounds-checked reading of an image by the addresses in its program headers.
public protocol ImageBytes: AnyObject {
    /// The 8 bytes at an address of the image, `nil` outside of what its file backs.
    func readWord(atAddress address: UInt64) -> UInt64?
    /// How FDEs are found, `nil` where there are none.
    var unwindTable: UnwindTable? { get }
}

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

    /// Number of the last pair whose code starts at or before an address of the image: O(log n); `nil` if none does, or
    /// the table cannot be read.
    func entry(covering address: UInt64, in image: any ImageBytes) -> UInt64? {
        let offset = Int64(bitPattern: address &- base)
        var low: UInt64 = 0
        var high = entryCount
        while low < high {
            let middle = (low + high) / 2
            guard let code = code(of: middle, in: image) else { return nil }
            if code <= offset { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }

    /// First half of a pair.
    private func code(of number: UInt64, in image: any ImageBytes) -> Int64? {
        guard let word = index.map({ $0.words[Int(number)] }) ?? image.readWord(atAddress: entries &+ number * 8)
        else { return nil }
        return Int64(Int32(truncatingIfNeeded: word))
    }
}
