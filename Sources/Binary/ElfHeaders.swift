/// A range of bytes in the file.
struct FileRange {
    var offset: UInt64
    var size: UInt64
}

/// Where the section headers are, as the ELF header states it.
struct SectionTable {
    var offset: UInt64
    var entrySize: Int
    /// e_shnum; 0 means "look into section 0" if `offset` is not 0.
    var count: Int
    /// e_shstrndx; 0xffff means "look into section 0".
    var nameIndex: Int
}

/// The ELF header and the program headers (Elf64_Ehdr, Elf64_Phdr).
struct ElfHeaders {
    var type = ElfType.other(0)
    var machine: UInt16 = 0
    var entryPoint: UInt64 = 0
    var segments: [LoadSegment] = []
    var notes: [FileRange] = []
    var ehFrameHeader: AddressRange?
    var hasInterpreter = false
    var sections = SectionTable(offset: 0, entrySize: 0, count: 0, nameIndex: 0)

    private static let headerSize = 64
    private static let programHeaderSize = 56

    init(reading source: borrowing ByteSource) throws(ElfError) {
        var header = ByteBlock(count: ElfHeaders.headerSize)
        guard header.fill(from: source, at: 0) >= 16 else { throw .truncatedHeader }
        try ElfHeaders.checkIdentity(header)
        guard header.filled == ElfHeaders.headerSize else { throw .truncatedHeader }
        switch header.uint16(16) {
        case 2: type = .executable
        case 3: type = .sharedObject
        case let other: type = .other(other)
        }
        machine = header.uint16(18)
        entryPoint = header.uint64(24)
        sections = SectionTable(
            offset: header.uint64(40), entrySize: Int(header.uint16(58)), count: Int(header.uint16(60)),
            nameIndex: Int(header.uint16(62)))
        let count = Int(header.uint16(56))
        if count > 0 {
            try readProgramHeaders(source, offset: header.uint64(32), count: count, size: Int(header.uint16(54)))
        }
    }

    private static func checkIdentity(_ header: borrowing ByteBlock) throws(ElfError) {
        guard header.uint32(0) == 0x464c_457f else { throw .notElf }
        guard header.byte(4) == 2 else { throw .unsupported("not 64-bit (class \(header.byte(4)))") }
        guard header.byte(5) == 1 else { throw .unsupported("not little-endian (data \(header.byte(5)))") }
        guard header.byte(6) == 1 else { throw .unsupported("version \(header.byte(6))") }
    }

    private mutating func readProgramHeaders(
        _ source: borrowing ByteSource, offset: UInt64, count: Int, size: Int
    ) throws(ElfError) {
        guard size == ElfHeaders.programHeaderSize else { throw .programHeaderSize(size) }
        guard count <= ElfImage.maximumProgramHeaders else { throw .tooManyProgramHeaders(count) }
        var table = ByteBlock(count: count * size)
        let got = offset < UInt64(Int64.max) ? table.fill(from: source, at: offset) : 0
        guard got == count * size else { throw .programHeaderOutsideFile(index: got / size) }
        for index in 0..<count { try add(table, at: index * size, index: index) }
    }

    private mutating func add(_ table: borrowing ByteBlock, at base: Int, index: Int) throws(ElfError) {
        let offset = table.uint64(base + 8)
        let address = table.uint64(base + 16)
        let fileSize = table.uint64(base + 32)
        let memorySize = table.uint64(base + 40)
        switch table.uint32(base) {
        case 1:  // PT_LOAD
            guard !offset.addingReportingOverflow(fileSize).overflow,
                !address.addingReportingOverflow(max(fileSize, memorySize)).overflow
            else { throw .segmentOverflow(index: index) }
            let flags = table.uint32(base + 4)
            segments.append(
                LoadSegment(
                    fileOffset: offset, address: address, fileSize: fileSize, memorySize: memorySize,
                    executable: flags & 1 != 0, writable: flags & 2 != 0))
        case 3: hasInterpreter = true  // PT_INTERP
        case 4: notes.append(FileRange(offset: offset, size: fileSize))  // PT_NOTE
        case 0x6474_e550: ehFrameHeader = AddressRange(address: address, size: memorySize)  // PT_GNU_EH_FRAME
        default: break
        }
    }
}

/// A few bytes of a file, read as little-endian integers; positions are the caller's constants and always in bounds.
struct ByteBlock: ~Copyable {
    private var bytes: [UInt8]
    private(set) var filled = 0

    init(count: Int) { bytes = [UInt8](repeating: 0, count: count) }

    mutating func fill(from source: borrowing ByteSource, at offset: UInt64) -> Int {
        // SAFETY: the buffer is the whole array and read stays inside of it.
        filled = unsafe bytes.withUnsafeMutableBytes { unsafe source.read(at: offset, into: $0) }
        return filled
    }

    func byte(_ position: Int) -> UInt8 { bytes[position] }
    func uint16(_ position: Int) -> UInt16 { UInt16(bytes[position]) | UInt16(bytes[position + 1]) << 8 }
    func uint32(_ position: Int) -> UInt32 { UInt32(uint16(position)) | UInt32(uint16(position + 2)) << 16 }
    func uint64(_ position: Int) -> UInt64 { UInt64(uint32(position)) | UInt64(uint32(position + 4)) << 32 }
}
