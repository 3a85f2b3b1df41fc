import Binary

/// Which of a module's files has its DWARF.
struct DwarfPlace: Equatable {
    /// The number of the debug file, `nil` for the main file.
    var debugFile: Int?
    /// Size of the file, bytes.
    var fileSize: UInt64
    /// `.debug_line` in the file, `nil` if it is compressed.
    var lineSection: Range<UInt64>?
    /// Whether parts are in a file that dwz shares between others.
    var hasAlternate: Bool

    /// Whether sections are compressed.
    var isPacked: Bool

    /// Bytes of a file that is mapped: what the child's address space has room for, and less where pages of it may
    /// become the child's own.
    static let maximumFile: UInt64 = 1536 << 20
    static let maximumPackedFile: UInt64 = 256 << 20
    /// Bytes that libdw may make of compressed sections, which it unpacks all at once.
    static let maximumUnpacked: UInt64 = 12 << 20

    /// Looks at the main file, then at the debug files that belong to it.
    static func find(_ files: ElfFiles) -> Result<DwarfPlace, LineAbsence> {
        guard let main = files.main else { return .failure(.malformed) }
        if let found = inspect(main, debugFile: nil) { return found }
        for (index, file) in files.debugFiles.enumerated() {
            if let file, ElfLayers.isDebugFile(file, of: main), let found = inspect(file, debugFile: index) {
                return found
            }
        }
        return .failure(.noDebugInfo)
    }

    /// `nil` if the file has no DWARF.
    private static func inspect(_ image: ElfImage, debugFile: Int?) -> Result<DwarfPlace, LineAbsence>? {
        var hasInfo = false
        var unpacked: UInt64 = 0
        var lines: Range<UInt64>?
        var hasAlternate = false
        for index in 0..<min(image.sectionCount, 4096) {
            guard let section = image.section(at: index), section.type != 8, let name = image.name(of: section) else {
                continue
            }
            if name == ".gnu_debugaltlink" { hasAlternate = true }
            guard name.hasPrefix(".debug_") || name.hasPrefix(".zdebug_") else { continue }
            if name.hasSuffix("debug_info"), section.size > 0 { hasInfo = true }
            if let size = unpackedSize(section, image, isOld: name.hasPrefix(".z")) {
                unpacked = unpacked.addingReportingOverflow(size).overflow ? .max : unpacked + size
            } else if name == ".debug_line" {
                let (end, overflow) = section.fileOffset.addingReportingOverflow(section.size)
                lines = overflow ? nil : section.fileOffset..<end
            }
        }
        guard hasInfo else { return nil }
        let limit = unpacked > 0 ? maximumPackedFile : maximumFile
        guard image.fileSize <= limit, unpacked <= maximumUnpacked else { return .failure(.budget) }
        return .success(
            DwarfPlace(
                debugFile: debugFile, fileSize: image.fileSize, lineSection: lines, hasAlternate: hasAlternate,
                isPacked: unpacked > 0))
    }

    /// Bytes after unpacking, `nil` for a section that is not compressed. Elf64_Chdr (System V ABI) with its flag 0x800;
    /// before it, `ZLIB` and a big-endian size.
    private static func unpackedSize(_ section: ElfSection, _ image: ElfImage, isOld: Bool) -> UInt64? {
        if section.flags & 0x800 != 0 { return image.readWord(atFileOffset: section.fileOffset &+ 8) ?? .max }
        return isOld ? image.readWord(atFileOffset: section.fileOffset &+ 4)?.byteSwapped ?? .max : nil
    }

    /// The open image of the file that has the DWARF.
    func image(in files: ElfFiles) -> ElfImage? {
        guard let debugFile else { return files.main }
        return files.debugFiles.indices.contains(debugFile) ? files.debugFiles[debugFile] : nil
    }

    /// The length of a line program in bytes, as its first word states it; `nil` if it is not known beforehand.
    func lineProgramSize(at offset: UInt64, _ image: ElfImage) -> UInt64? {
        guard let lineSection else { return nil }
        let available = lineSection.upperBound - lineSection.lowerBound
        guard offset < available, let length = image.readUInt32(atFileOffset: lineSection.lowerBound + offset) else {
            return nil
        }
        return min(UInt64(length), available - offset)
    }
}
