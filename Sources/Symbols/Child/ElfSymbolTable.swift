import Binary

/// `.symtab` or `.dynsym` of an image, read in pieces (System V ABI, chapter 4, Elf64_Sym).
struct ElfSymbolTable: FunctionTable {
    static let entrySize = 24
    /// Most entries that are read; the largest browsers have a tenth of it.
    private static let maximumEntries: UInt64 = 32 << 20
    /// Sections whose bounds are kept.
    private static let maximumSections = 8192
    /// Names beyond this offset cannot be referred to.
    static let maximumNameOffset: UInt64 = 1 << 30

    let image: ElfImage
    /// Number of entries, most of which may be no functions.
    let count: Int
    private let table: ElfSection
    private let strings: ElfSection
    private let code: [Range<UInt64>?]
    private let hasMappingSymbols: Bool

    /// The table of a type; `nil` if the image has none or it is not one that a linker writes.
    init?(_ image: ElfImage, type: UInt32) {
        guard let table = image.section(ofType: type), table.entrySize == UInt64(ElfSymbolTable.entrySize),
            let strings = image.section(at: Int(table.link)), strings.type == 3, !table.isCompressed,
            !strings.isCompressed, strings.size > 0, strings.size <= ElfSymbolTable.maximumNameOffset
        else { return nil }
        let end = image.fileSize
        guard table.fileOffset <= end, table.size <= end - table.fileOffset, strings.fileOffset <= end,
            strings.size <= end - strings.fileOffset,
            table.size / UInt64(ElfSymbolTable.entrySize) <= ElfSymbolTable.maximumEntries
        else { return nil }
        self.image = image
        self.table = table
        self.strings = strings
        count = Int(table.size) / ElfSymbolTable.entrySize
        code = ElfSymbolTable.codeSections(of: image)
        hasMappingSymbols = image.machine != 62
    }

    /// Bounds of executable sections by index; `nil` for others.
    private static func codeSections(of image: ElfImage) -> [Range<UInt64>?] {
        (0..<min(image.sectionCount, maximumSections)).map { index in
            guard let section = image.section(at: index), section.flags & 4 != 0,
                !section.address.addingReportingOverflow(section.size).overflow
            else { return nil }
            return section.address..<section.address + section.size
        }
    }

    /// One pass, a bounded buffer.
    func scanFunctions(until body: (ElfFunction) -> Bool) {
        let perChunk = 1024
        var chunk = [UInt8](repeating: 0, count: perChunk * ElfSymbolTable.entrySize)
        var done = 0
        while done < count {
            let got = image.read(fileOffset: table.fileOffset + UInt64(done * ElfSymbolTable.entrySize), into: &chunk)
            let entries = min(got / ElfSymbolTable.entrySize, count - done)
            if entries == 0 { return }
            for entry in 0..<entries {
                if let function = function(in: chunk, at: entry * ElfSymbolTable.entrySize), body(function) { return }
            }
            done += entries
        }
    }

    private func function(in chunk: [UInt8], at base: Int) -> ElfFunction? {
        let information = chunk[base + 4]
        let type = information & 15
        guard type == 2 || type == 10 || type == 0 else { return nil }  // STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE
        let section = Int(chunk[base + 6]) | Int(chunk[base + 7]) << 8
        guard section != 0, section < code.count || type != 0 else { return nil }
        let bounds = section < code.count ? code[section] : nil
        guard bounds != nil || (section >= code.count && section != 0xfff1) else { return nil }
        let start = chunk.word(at: base + 8)
        let size = chunk.word(at: base + 16)
        let name = UInt32(truncatingIfNeeded: chunk.word(at: base))
        guard start != 0, name != 0, UInt64(name) < strings.size, !start.addingReportingOverflow(size).overflow else {
            return nil
        }
        if type == 0, isMappingSymbol(name) { return nil }
        let rank: UInt32 = (type == 0 ? 0 : 4) + (size > 0 ? 2 : 0) + (information >> 4 != 0 ? 1 : 0)
        return ElfFunction(start: start, size: size, sectionEnd: bounds?.upperBound ?? start, name: name, rank: rank)
    }

    /// `$x`, `$d` …: marks of ARM and RISC-V assemblers between code and data, no names.
    private func isMappingSymbol(_ name: UInt32) -> Bool {
        hasMappingSymbols && image.readByte(atFileOffset: strings.fileOffset + UInt64(name)) == UInt8(ascii: "$")
    }

    /// The bytes of a name without its symbol version, cut at a limit; `nil` outside of the table of strings.
    func name(at offset: UInt32, limit: Int) -> [UInt8]? {
        guard UInt64(offset) < strings.size else { return nil }
        let space = Int(min(UInt64(limit), strings.size - UInt64(offset)))
        var result: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: min(space, 128))
        while result.count < space {
            let got = image.read(fileOffset: strings.fileOffset + UInt64(offset) + UInt64(result.count), into: &piece)
            if got == 0 { break }
            if let end = piece[0..<got].firstIndex(where: { $0 == 0 || $0 == UInt8(ascii: "@") }) {
                result.append(contentsOf: piece[0..<end])
                break
            }
            result.append(contentsOf: piece[0..<min(got, space - result.count)])
        }
        return result.isEmpty ? nil : result
    }
}

extension [UInt8] {
    /// Eight bytes, little-endian; the position is the caller's and in bounds.
    @inline(__always)
    fileprivate func word(at position: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(self[position + index]) << UInt64(index * 8) }
        return value
    }
}
