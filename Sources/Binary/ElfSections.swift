extension ElfImage {
    private static let headerSize: UInt64 = 64

    /// The section header at an index; `nil` outside of the table.
    public func section(at index: Int) -> ElfSection? {
        guard index >= 0, index < sectionCount else { return nil }
        return readSection(index)
    }

    /// The first section with a name. Not kept: each call walks the table.
    public func section(named name: String) -> ElfSection? {
        guard let names = sectionNames() else { return nil }
        let wanted = Array(name.utf8)
        for index in 0..<sectionCount {
            guard let section = readSection(index) else { return nil }
            if hasName(wanted, section, in: names) { return section }
        }
        return nil
    }

    /// The first section of a type.
    public func section(ofType type: UInt32) -> ElfSection? {
        for index in 0..<sectionCount {
            guard let section = readSection(index) else { return nil }
            if section.type == type { return section }
        }
        return nil
    }

    /// The name of a section, at most 255 bytes of it.
    public func name(of section: ElfSection) -> String? {
        guard let names = sectionNames(), UInt64(section.nameOffset) < names.size else { return nil }
        return string(
            atFileOffset: names.fileOffset &+ UInt64(section.nameOffset),
            limit: Int(min(255, names.size - UInt64(section.nameOffset))))
    }

    /// A zero-terminated string in the file, cut at a number of bytes; invalid UTF-8 is mended.
    public func string(atFileOffset offset: UInt64, limit: Int) -> String? {
        var bytes = [UInt8](repeating: 0, count: min(max(limit, 0), BlockCache.blockSize * 4))
        let got = read(fileOffset: offset, into: &bytes)
        guard got > 0 else { return nil }
        return String(decoding: bytes[0..<got].prefix { $0 != 0 }, as: UTF8.self)
    }

    func countSections() -> Int {
        guard sectionTable.offset > 0, sectionTable.entrySize == Int(ElfImage.headerSize) else { return 0 }
        var count = UInt64(sectionTable.count)
        if count == 0 { count = readSection(0)?.size ?? 0 }
        let end = fileSize
        guard count <= UInt64(ElfImage.maximumSections), sectionTable.offset <= end,
            count * ElfImage.headerSize <= end - sectionTable.offset
        else { return 0 }
        return Int(count)
    }

    private func sectionNames() -> ElfSection? {
        var index = sectionTable.nameIndex
        if index == 0xffff { index = Int(readSection(0)?.link ?? 0) }
        return section(at: index)
    }

    private func readSection(_ index: Int) -> ElfSection? {
        let (base, overflow) = sectionTable.offset.addingReportingOverflow(UInt64(index) * ElfImage.headerSize)
        guard !overflow, base < UInt64(Int64.max), let names = readWord(atFileOffset: base),
            let flags = readWord(atFileOffset: base + 8), let address = readWord(atFileOffset: base + 16),
            let offset = readWord(atFileOffset: base + 24), let size = readWord(atFileOffset: base + 32),
            let link = readUInt32(atFileOffset: base + 40), let entrySize = readWord(atFileOffset: base + 56)
        else { return nil }
        return ElfSection(
            index: index, nameOffset: UInt32(truncatingIfNeeded: names), type: UInt32(truncatingIfNeeded: names >> 32),
            flags: flags, address: address, fileOffset: offset, size: size, link: link, entrySize: entrySize)
    }

    private func hasName(_ wanted: [UInt8], _ section: ElfSection, in names: ElfSection) -> Bool {
        guard UInt64(section.nameOffset) + UInt64(wanted.count) < names.size else { return false }
        let start = names.fileOffset &+ UInt64(section.nameOffset)
        for (index, byte) in wanted.enumerated() where readByte(atFileOffset: start &+ UInt64(index)) != byte {
            return false
        }
        return readByte(atFileOffset: start &+ UInt64(wanted.count)) == 0
    }
}
