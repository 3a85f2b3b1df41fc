public import Platform

/// An ELF file of which nothing is believed: headers are parsed once, everything else is read when asked for, through
/// a bounded cache. 64-bit little-endian only. Not thread-safe; owned by the thread that owns the cache.
///
/// Layouts: System V ABI, chapters 4 and 5; the x86-64 and AArch64 supplements add nothing that is read here.
public final class ElfImage {
    /// Most program headers that are accepted.
    public static let maximumProgramHeaders = 512
    /// Most section headers that are looked at.
    public static let maximumSections = 1 << 17

    /// PT_LOAD segments in the order of the file.
    public let segments: [LoadSegment]
    /// PT_GNU_EH_FRAME: the table that `.eh_frame_hdr` holds, as virtual addresses.
    public let ehFrameHeader: AddressRange?
    /// e_type: linked to fixed addresses or not.
    public let type: ElfType
    /// e_machine: 62 is x86-64, 183 is AArch64.
    public let machine: UInt16
    /// e_entry: the virtual address where a program starts, 0 if it is none.
    public let entryPoint: UInt64
    /// Whether the file names an interpreter (PT_INTERP): a program that is linked dynamically.
    public let hasInterpreter: Bool
    /// The build-id out of its note, empty if there is none.
    public private(set) lazy var buildID: [UInt8] = findBuildID()
    /// The name of the separate debug file, if the image has one.
    public private(set) lazy var debugLink: DebugLink? = readDebugLink()
    /// Number of section headers, 0 if they are missing, cut off or of another size than 64 bytes.
    public private(set) lazy var sectionCount: Int = countSections()

    let noteSegments: [FileRange]
    let sectionTable: SectionTable
    private let source: ByteSource
    private let number: UInt32
    private let cache: BlockCache
    private var lastSlot = 0
    private var lastSegment = 0

    /// Parses the headers of an open file.
    /// - Parameter number: the image's number in the cache; no other image of the same cache may ever have it.
    public convenience init(file: consuming FileDescriptor, number: UInt32, cache: BlockCache) throws(ElfError) {
        try self.init(source: .file(file), number: number, cache: cache)
    }

    /// Parses an image that is in memory: the vDSO, a decompressed section.
    public convenience init(bytes: [UInt8]) throws(ElfError) {
        try self.init(source: .memory(bytes), number: 0, cache: BlockCache(bytes: 0))
    }

    private init(source: consuming ByteSource, number: UInt32, cache: BlockCache) throws(ElfError) {
        let headers = try ElfHeaders(reading: source)
        self.source = source
        self.number = number
        self.cache = cache
        segments = headers.segments
        ehFrameHeader = headers.ehFrameHeader
        type = headers.type
        machine = headers.machine
        entryPoint = headers.entryPoint
        hasInterpreter = headers.hasInterpreter
        noteSegments = headers.notes
        sectionTable = headers.sections
    }

    /// Size of the file in bytes as it is now.
    public var fileSize: UInt64 { source.size() }

    /// The number of the open file, valid while the image lives; `nil` for an image in memory.
    public var descriptorNumber: Int32? { source.descriptorNumber() }

    // MARK: - Reading at file offsets

    /// Eight bytes at a file offset; `nil` where the file ends earlier.
    public func readWord(atFileOffset offset: UInt64) -> UInt64? { load(UInt64.self, at: offset) }
    /// Four bytes at a file offset.
    public func readUInt32(atFileOffset offset: UInt64) -> UInt32? { load(UInt32.self, at: offset) }
    /// Two bytes at a file offset.
    public func readUInt16(atFileOffset offset: UInt64) -> UInt16? { load(UInt16.self, at: offset) }
    /// One byte at a file offset.
    public func readByte(atFileOffset offset: UInt64) -> UInt8? { load(UInt8.self, at: offset) }

    /// Copies bytes from a file offset and returns how many there were. Less than a block goes through the cache,
    /// more directly.
    public func read(fileOffset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        if buffer.count >= BlockCache.blockSize { return unsafe source.read(at: fileOffset, into: buffer) }
        var done = 0
        while done < buffer.count {
            let (position, overflow) = fileOffset.addingReportingOverflow(UInt64(done))
            if overflow { break }
            // SAFETY: done < count.
            let got = unsafe copyFromBlock(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
            if got == 0 { break }
            done += got
        }
        return done
    }

    /// Bytes from a file offset; `nil` unless the file has all of them.
    public func bytes(atFileOffset offset: UInt64, count: Int) -> [UInt8]? {
        guard count >= 0, UInt64(count) <= fileSize else { return nil }
        let result = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = unsafe read(fileOffset: offset, into: UnsafeMutableRawBufferPointer(buffer))
        }
        return result.count == count ? result : nil
    }

    /// Fills the start of an array from a file offset and returns how many bytes there were.
    public func read(fileOffset: UInt64, into array: inout [UInt8]) -> Int {
        unsafe array.withUnsafeMutableBytes { unsafe read(fileOffset: fileOffset, into: $0) }
    }

    // MARK: - Reading at virtual addresses

    /// Eight bytes at a virtual address of the image; `nil` outside of what a segment has in the file.
    public func readWord(atAddress address: UInt64) -> UInt64? { load(UInt64.self, atAddress: address) }
    /// Four bytes at a virtual address.
    public func readUInt32(atAddress address: UInt64) -> UInt32? { load(UInt32.self, atAddress: address) }
    /// Two bytes at a virtual address.
    public func readUInt16(atAddress address: UInt64) -> UInt16? { load(UInt16.self, atAddress: address) }
    /// One byte at a virtual address.
    public func readByte(atAddress address: UInt64) -> UInt8? { load(UInt8.self, atAddress: address) }

    /// Where the byte at a virtual address lies in the file; `nil` if it has none there.
    public func fileOffset(ofAddress address: UInt64) -> UInt64? { fileOffset(ofAddress: address, count: 1) }

    /// The virtual address of a byte of the file. Segments may share a page of the file: the executable one wins.
    public func address(ofFileOffset offset: UInt64) -> UInt64? {
        var found: UInt64?
        for segment in segments where offset >= segment.fileOffset && offset - segment.fileOffset < segment.fileSize {
            let address = segment.address + (offset - segment.fileOffset)
            if segment.executable { return address }
            if found == nil { found = address }
        }
        return found
    }

    @inline(__always)
    private func fileOffset(ofAddress address: UInt64, count: UInt64) -> UInt64? {
        if lastSegment < segments.count, let offset = segments[lastSegment].fileOffset(ofAddress: address, count: count)
        {
            return offset
        }
        for index in segments.indices {
            if let offset = segments[index].fileOffset(ofAddress: address, count: count) {
                lastSegment = index
                return offset
            }
        }
        return nil
    }

    @inline(__always)
    private func load<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, atAddress address: UInt64)
        -> Value?
    {
        guard let offset = fileOffset(ofAddress: address, count: UInt64(MemoryLayout<Value>.size)) else { return nil }
        return load(type, at: offset)
    }

    @inline(__always)
    private func load<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at offset: UInt64) -> Value? {
        let within = Int(truncatingIfNeeded: offset) & (BlockCache.blockSize - 1)
        if within + MemoryLayout<Value>.size > BlockCache.blockSize { return loadAcross(type, at: offset) }
        let block = offset >> BlockCache.blockShift
        guard let slot = cache.slot(image: number, block: block, hint: lastSlot, source: source) else { return nil }
        lastSlot = slot
        return cache.load(slot: slot, offset: within, as: type)
    }

    /// The value lies in two blocks.
    @inline(never)
    private func loadAcross<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at offset: UInt64) -> Value?
    {
        var value: Value = 0
        let got = unsafe withUnsafeMutableBytes(of: &value) { unsafe read(fileOffset: offset, into: $0) }
        return got == MemoryLayout<Value>.size ? Value(littleEndian: value) : nil
    }

    private func copyFromBlock(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let block = offset >> BlockCache.blockShift
        guard let slot = cache.slot(image: number, block: block, hint: lastSlot, source: source) else { return 0 }
        lastSlot = slot
        let within = Int(truncatingIfNeeded: offset) & (BlockCache.blockSize - 1)
        return unsafe cache.copy(slot: slot, offset: within, into: buffer)
    }
}

extension LoadSegment {
    /// Where `count` bytes at an address lie in the file; `nil` unless all of them are in the file.
    @inline(__always)
    func fileOffset(ofAddress address: UInt64, count: UInt64) -> UInt64? {
        guard address >= self.address, fileSize >= count, address - self.address <= fileSize - count else { return nil }
        return fileOffset + (address - self.address)
    }
}
