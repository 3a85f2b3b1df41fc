import Binary

/// A section of DWARF as it stands in a file.
struct DwarfSection: Equatable {
    /// How the bytes are stored.
    enum Packing {
        case none, zlib
        /// In a way that is not read (zstd), or damaged.
        case other
    }

    /// `.debug_…`, also where the file has the older `.zdebug_…`.
    var name: String
    /// What is stored, without the header of a compressed section.
    var stored: Range<UInt64>
    /// Bytes once unpacked.
    var size: UInt64
    var packing: Packing

    /// Most section headers that are looked at.
    private static let maximumHeaders = 4096
    /// What nothing is asked about: values of variables, unwind rules, macros, indices that are not complete everywhere.
    private static let unused: Set<String> = [
        ".debug_loc", ".debug_loclists", ".debug_frame", ".debug_macro", ".debug_macinfo", ".debug_aranges",
        ".debug_pubnames", ".debug_pubtypes", ".debug_gnu_pubnames", ".debug_gnu_pubtypes", ".debug_names",
    ]

    /// All sections of DWARF in a file that tell of functions and lines.
    static func all(in image: ElfImage) -> [DwarfSection] {
        (0..<min(image.sectionCount, maximumHeaders)).compactMap { number in
            // 8 is SHT_NOBITS: the header alone, in a program whose debug file is a separate one.
            guard let section = image.section(at: number), section.type != 8, let name = image.name(of: section) else {
                return nil
            }
            if name.hasPrefix(".zdebug_") { return old(section, ".debug_" + name.dropFirst(8), image) }
            guard name.hasPrefix(".debug_"), !unused.contains(name) else { return nil }
            return section.flags & 0x800 != 0 ? packed(section, name, image) : plain(section, name)
        }
    }

    private static func plain(_ section: ElfSection, _ name: String) -> DwarfSection? {
        range(section, after: 0).map { DwarfSection(name: name, stored: $0, size: section.size, packing: .none) }
    }

    /// SHF_COMPRESSED: Elf64_Chdr before the bytes (System V ABI, chapter 4: ch_type, ch_reserved, ch_size, ch_addralign).
    private static func packed(_ section: ElfSection, _ name: String, _ image: ElfImage) -> DwarfSection? {
        guard let stored = range(section, after: 24), let type = image.readUInt32(atFileOffset: section.fileOffset),
            let size = image.readWord(atFileOffset: section.fileOffset + 8)
        else { return nil }
        return DwarfSection(name: name, stored: stored, size: size, packing: type == 1 ? .zlib : .other)
    }

    /// Before that flag: `ZLIB`, and the size as a big-endian word.
    private static func old(_ section: ElfSection, _ name: String, _ image: ElfImage) -> DwarfSection? {
        guard !unused.contains(name), let stored = range(section, after: 12),
            let size = image.readWord(atFileOffset: section.fileOffset + 4)
        else { return nil }
        let magic = image.readUInt32(atFileOffset: section.fileOffset)
        return DwarfSection(
            name: name, stored: stored, size: size.byteSwapped, packing: magic == 0x4249_4c5a ? .zlib : .other)
    }

    private static func range(_ section: ElfSection, after header: UInt64) -> Range<UInt64>? {
        let (end, overflow) = section.fileOffset.addingReportingOverflow(section.size)
        guard !overflow, section.size >= header else { return nil }
        return (section.fileOffset + header)..<end
    }
}
