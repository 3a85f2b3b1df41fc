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
    /// Whether a runtime made the code in memory: there will never be a file to read it from.
    public var isMade: Bool

    /// An image at a place.
    public init(range: Range<UInt64>, bias: UInt64, bytes: (any ImageBytes)?, isMade: Bool = false) {
        self.range = range
        self.bias = bias
        self.bytes = bytes
        self.isMade = isMade
    }
}

/// Bounds-checked reading of an image by the addresses in its program headers.
public protocol ImageBytes: AnyObject {
    /// The 8 bytes at an address of the image, `nil` outside of what its file backs.
    func readWord(atAddress address: UInt64) -> UInt64?
    /// How FDEs are found, `nil` where there are none.
    var unwindTable: UnwindTable? { get }
    /// Stands for these bytes, so that what was read out of them is known again in another process: no two images ever
    /// have the same. 0: nothing is to be remembered.
    var number: UInt64 { get }
    /// The address in the image that its file header names as the start of a process, 0 if none.
    var entryPoint: UInt64 { get }
}

extension ImageBytes {
    /// None is known.
    public var entryPoint: UInt64 { 0 }
}
