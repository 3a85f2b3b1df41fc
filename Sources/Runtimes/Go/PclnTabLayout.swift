import Binary

/// Where the parts of a Go program's pc-line table lie, by the version of its format.
///
/// Sources: Go's `src/debug/gosym/pclntab.go` (all formats), `src/runtime/symtab.go` (`pcHeader`) and
/// `src/runtime/runtime2.go` (`_func`), read in 1.19.8 and 1.22.10.
struct PclnTabLayout {
    /// Formats by the magic number at the start, in the order of their age.
    enum Version: UInt32, Comparable {
        /// Go 1.2–1.15.
        case go12 = 0xffff_fffb
        /// Go 1.16 and 1.17.
        case go116 = 0xffff_fffa
        /// Go 1.18 and 1.19: offsets from the start of the text instead of addresses.
        case go118 = 0xffff_fff0
        /// Go 1.20 and later: one more word in each function's record.
        case go120 = 0xffff_fff1

        private var age: Int {
            switch self {
            case .go12: 0
            case .go116: 1
            case .go118: 2
            case .go120: 3
            }
        }
        static func < (left: Version, right: Version) -> Bool { left.age < right.age }
    }

    let version: Version
    /// The address that offsets of functions count from; 0 where the format holds addresses.
    let textStart: UInt64
    /// Number of functions.
    let count: UInt64
    /// File offsets: the table of functions, what their records' offsets count from, names, and pc tables.
    let functions: UInt64, records: UInt64, names: UInt64, pcTables: UInt64
    /// The first byte after the section.
    let end: UInt64

    /// Bytes of one number in the table of functions.
    var fieldSize: UInt64 { version >= .go118 ? 4 : 8 }
    /// In a function's record: the entry is first; then the name's offset, the size of the arguments, a word about
    /// defer, and the offset of the table of stack pointer deltas.
    var nameField: UInt64 { fieldSize }
    var stackTableField: UInt64 { nameField + 12 }
    /// The byte of flags; `nil` where the format has none. Go 1.16 has padding there, which is 0.
    var flagField: UInt64? {
        switch version {
        case .go12: nil
        case .go116, .go120: 41
        case .go118: 37
        }
    }

    /// More functions than any linker has made: the largest Go programs have some hundred thousand.
    private static let maximumFunctions: UInt64 = 1 << 23

    /// Reads the header; `nil` if the image has no table, or one that is not 64-bit little-endian, or lies.
    init?(image: ElfImage) {
        guard let section = image.section(named: ".gopclntab") ?? image.section(named: ".data.rel.ro.gopclntab"),
            section.type != ElfSection.typeNoBits, !section.fileOffset.addingReportingOverflow(section.size).overflow,
            let start = image.readWord(atFileOffset: section.fileOffset),
            let version = Version(rawValue: UInt32(truncatingIfNeeded: start)),
            // Two zero bytes, the size of an instruction's unit, which on x86-64 is 1, and that of a pointer.
            start >> 32 == 0x0801_0000
        else { return nil }
        self.version = version
        end = section.fileOffset + section.size
        guard let words = PclnTabLayout.words(image, section) else { return nil }
        func part(_ index: Int) -> UInt64 { section.fileOffset &+ words[index] }
        count = words[0]
        switch version {
        case .go12:
            (functions, records) = (section.fileOffset &+ 16, section.fileOffset)
            (names, pcTables) = (section.fileOffset, section.fileOffset)
            textStart = 0
        case .go116:
            (functions, records, names, pcTables) = (part(6), part(6), part(2), part(5))
            textStart = 0
        case .go118, .go120:
            (functions, records, names, pcTables) = (part(7), part(7), part(3), part(6))
            guard let text = PclnTabLayout.textStart(image, section, stated: words[2]) else { return nil }
            textStart = text
        }
        guard isInside(section) else { return nil }
    }

    /// The eight words after the first; those of older formats use fewer.
    private static func words(_ image: ElfImage, _ section: ElfSection) -> [UInt64]? {
        guard section.size >= 72 else { return nil }
        let words = (1...8).compactMap { image.readWord(atFileOffset: section.fileOffset &+ UInt64($0) &* 8) }
        return words.count == 8 ? words : nil
    }

    private func isInside(_ section: ElfSection) -> Bool {
        let range = section.fileOffset..<end
        guard count > 0, count <= PclnTabLayout.maximumFunctions else { return false }
        return [functions, records, names, pcTables].allSatisfy(range.contains)
            && end - functions >= (count * 2 + 1) * fieldSize
    }

    /// The start of the text: as stated; in a position-independent program the dynamic linker fills that word in, so
    /// its relocation holds it; Go 1.26 states 0 and means the start of `.text`.
    private static func textStart(_ image: ElfImage, _ section: ElfSection, stated: UInt64) -> UInt64? {
        if stated != 0 { return stated }
        return relativeRelocation(image, of: section.address &+ 24) ?? image.section(named: ".text")?.address
    }

    /// The addend of the R_X86_64_RELATIVE relocation of a word (System V ABI, x86-64, 4.4.1).
    private static func relativeRelocation(_ image: ElfImage, of address: UInt64) -> UInt64? {
        guard let table = image.section(named: ".rela.dyn") else { return nil }
        for index in 0..<min(table.size / 24, maximumFunctions) {
            let entry = table.fileOffset &+ index &* 24
            guard let place = image.readWord(atFileOffset: entry) else { return nil }
            if place == address, image.readUInt32(atFileOffset: entry &+ 8) == 8 {
                return image.readWord(atFileOffset: entry &+ 16)
            }
        }
        return nil
    }
}
