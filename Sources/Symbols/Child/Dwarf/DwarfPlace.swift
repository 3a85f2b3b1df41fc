import Binary

/// Which of a module's files has its DWARF.
struct DwarfPlace: Equatable {
    /// The number of the debug file, `nil` for the main file.
    var debugFile: Int?
    /// Size of the file, bytes.
    var fileSize: UInt64
    /// `.debug_line` in the file, `nil` if it has none or it is compressed.
    var lineSection: Range<UInt64>?
    /// Whether parts are in a file that dwz shares between others.
    var hasAlternate: Bool
    /// Whether sections are compressed.
    var isPacked: Bool

    /// Bytes of a file that is mapped: what the child's address space has room for.
    static let maximumFile: UInt64 = 1536 << 20
    /// Bytes that may be made of compressed sections, which are unpacked all at once.
    static let maximumUnpacked: UInt64 = 32 << 20

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
        let sections = DwarfSection.all(in: image)
        guard sections.contains(where: { $0.name == ".debug_info" && $0.size > 0 }) else { return nil }
        let isPacked = sections.contains { $0.packing != .none }
        if sections.contains(where: { $0.packing == .other }) { return .failure(.packing) }
        guard image.fileSize <= maximumFile, !isPacked || total(sections) <= maximumUnpacked else {
            return .failure(.budget)
        }
        return .success(
            DwarfPlace(
                debugFile: debugFile, fileSize: image.fileSize,
                lineSection: isPacked ? nil : sections.first { $0.name == ".debug_line" }?.stored,
                hasAlternate: image.section(named: ".gnu_debugaltlink") != nil, isPacked: isPacked))
    }

    /// Bytes of all sections once unpacked; all ones where that is no number.
    static func total(_ sections: [DwarfSection]) -> UInt64 {
        sections.reduce(0) { $0.addingReportingOverflow($1.size).overflow ? .max : $0 + $1.size }
    }

    /// The open image of the file that has the DWARF.
    func image(in files: ElfFiles) -> ElfImage? {
        guard let debugFile else { return files.main }
        return files.debugFiles.indices.contains(debugFile) ? files.debugFiles[debugFile] : nil
    }
}
