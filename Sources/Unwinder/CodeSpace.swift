/// The code of one process as an unwinder needs it: bytes and maps, nothing else.
public protocol CodeSpace: AnyObject {
    /// The image that covers an address, `nil` where nothing executable is mapped.
    func image(at address: UInt64) -> MappedImage?
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
    /// Where PT_GNU_EH_FRAME lies, `nil` without one.
    var unwindTable: UnwindTable? { get }
}

/// `.eh_frame_hdr` after its header was checked (LSB core, section 10.6.2).
public struct UnwindTable: Sendable, Hashable {
    /// Address of the header in the image.
    public var header: UInt64
    /// Address of the sorted table of pairs of signed 32-bit offsets from the header.
    public var entries: UInt64
    public var entryCount: UInt64

    public init(header: UInt64, entries: UInt64, entryCount: UInt64) {
        self.header = header
        self.entries = entries
        self.entryCount = entryCount
    }

    /// Reads and checks the header: version 1, a table of DW_EH_PE_datarel | DW_EH_PE_sdata4, a 4-byte count.
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
        self.init(header: header, entries: header &+ 12, entryCount: count)
    }
}
