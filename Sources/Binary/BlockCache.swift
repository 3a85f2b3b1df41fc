/// Blocks of files, shared by all images of one thread, within a fixed number of bytes.
///
/// Two-way set associative with one bit of age per set. Keys are (number of the image, block); a number is never given
/// to a second image of the same cache. Owned by one thread.
@safe public final class BlockCache {
    /// Bytes in a block.
    public static let blockSize = 4096
    static let blockShift: UInt64 = 12

    /// Reads that found their block.
    public private(set) var hits: UInt64 = 0
    /// Reads that had to ask the file.
    public private(set) var misses: UInt64 = 0

    private let setMask: Int
    private let memory: UnsafeMutableRawPointer
    private let keys: UnsafeMutablePointer<UInt64>
    private let lengths: UnsafeMutablePointer<Int32>
    private let youngerWay: UnsafeMutablePointer<UInt8>

    /// No block has this key: its block number would lie beyond the largest file.
    private static let emptyKey = UInt64.max

    /// - Parameter bytes: the memory for blocks, rounded down to a power of two, at least two blocks.
    public init(bytes: Int = 2 << 20) {
        let sets = max(1, bytes / (2 * BlockCache.blockSize))
        let count = 1 << (Int.bitWidth - 1 - sets.leadingZeroBitCount)
        setMask = count - 1
        unsafe memory = .allocate(byteCount: count * 2 * BlockCache.blockSize, alignment: BlockCache.blockSize)
        unsafe keys = .allocate(capacity: count * 2)
        unsafe keys.initialize(repeating: BlockCache.emptyKey, count: count * 2)
        unsafe lengths = .allocate(capacity: count * 2)
        unsafe lengths.initialize(repeating: 0, count: count * 2)
        unsafe youngerWay = .allocate(capacity: count)
        unsafe youngerWay.initialize(repeating: 0, count: count)
    }

    deinit {
        // SAFETY: allocated in init, owned by this object alone, trivial elements.
        unsafe memory.deallocate()
        unsafe keys.deallocate()
        unsafe lengths.deallocate()
        unsafe youngerWay.deallocate()
    }

    /// Bytes of blocks that the cache can hold.
    public var capacityBytes: Int { (setMask + 1) * 2 * BlockCache.blockSize }

    /// The slot that holds a block, filled from the source if need be. `hint` is the slot of the last answer: reads
    /// come in runs. Blocks beyond 2³² (16 TiB) are refused.
    @inline(__always)
    func slot(image: UInt32, block: UInt64, hint: Int, source: borrowing ByteSource) -> Int? {
        guard block < 0xffff_ffff else { return nil }
        let key = UInt64(image) << 32 | block
        // SAFETY: a hint is 0 or an earlier answer, so it lies inside the table.
        if unsafe keys[hint] == key {
            hits &+= 1
            return hint
        }
        return search(key: key, block: block, source: source)
    }

    private func search(key: UInt64, block: UInt64, source: borrowing ByteSource) -> Int? {
        let set = Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 32) & setMask
        // SAFETY: set ≤ setMask, and the table has two slots for each set.
        for way in 0...1 where unsafe keys[set * 2 + way] == key {
            hits &+= 1
            unsafe youngerWay[set] = UInt8(way)
            return set * 2 + way
        }
        misses &+= 1
        let way = unsafe 1 - Int(youngerWay[set])
        return fill(slot: set * 2 + way, set: set, key: key, block: block, source: source)
    }

    private func fill(slot: Int, set: Int, key: UInt64, block: UInt64, source: borrowing ByteSource) -> Int? {
        // SAFETY: a slot owns blockSize bytes of the memory.
        let target = unsafe UnsafeMutableRawBufferPointer(
            start: memory + slot * BlockCache.blockSize, count: BlockCache.blockSize)
        unsafe keys[slot] = BlockCache.emptyKey
        let got = unsafe source.read(at: block << BlockCache.blockShift, into: target)
        guard got > 0 else { return nil }
        unsafe keys[slot] = key
        unsafe lengths[slot] = Int32(got)
        unsafe youngerWay[set] = UInt8(slot & 1)
        return slot
    }

    /// An integer out of a slot, in the byte order of the host; `nil` beyond what the file had.
    @inline(__always)
    func load<Value: FixedWidthInteger & BitwiseCopyable>(slot: Int, offset: Int, as type: Value.Type) -> Value? {
        // SAFETY: the slot came from slot(…); the end is checked against the bytes that were read.
        guard unsafe offset + MemoryLayout<Value>.size <= Int(lengths[slot]) else { return nil }
        return unsafe (memory + slot * BlockCache.blockSize + offset).loadUnaligned(as: Value.self)
    }

    /// Copies bytes out of a slot; returns how many the file had there.
    func copy(slot: Int, offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        // SAFETY: as in load; count is cut to both ends.
        let count = unsafe min(buffer.count, Int(lengths[slot]) - offset)
        guard count > 0 else { return 0 }
        unsafe buffer.copyMemory(
            from: UnsafeRawBufferPointer(start: memory + slot * BlockCache.blockSize + offset, count: count))
        return count
    }
}
