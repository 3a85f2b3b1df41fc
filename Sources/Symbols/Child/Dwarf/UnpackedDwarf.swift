import Binary
import Glibc

/// A file's compressed DWARF as an ELF file of its own in the scratch file: unpacked once, then read by pages. libelf
/// would unpack all of it into memory at each request.
struct UnpackedDwarf {
    /// Where it starts in the scratch file, a multiple of the page size.
    let start: UInt64
    let size: UInt64
    /// `.debug_line`, relative to the start.
    let lineSection: Range<UInt64>?
    /// That of the scratch file at the time; what was written is gone when it has another.
    let generation: Int

    /// Unpacks what `DwarfPlace` accepted; `nil` if a stream is damaged, is not as long as stated, or the disk is full.
    static func make(_ image: ElfImage, _ scratch: ScratchFile) -> UnpackedDwarf? {
        let sections = DwarfSection.all(in: image)
        // The file may have changed since.
        guard DwarfPlace.total(sections) <= DwarfPlace.maximumUnpacked else { return nil }
        let layout = UnpackedLayout(sections, machine: image.machine)
        let page = UInt64(getpagesize())
        guard scratch.makeRoom(for: layout.size + page) else { return nil }
        let before = scratch.end
        let padding = (page - before % page) % page
        var isWritten = scratch.append([UInt8](repeating: 0, count: Int(padding)))
        isWritten = isWritten && scratch.append(layout.header)
        for section in sections { isWritten = isWritten && write(section, image, scratch) }
        guard isWritten, scratch.append(layout.trailer) else {
            scratch.cut(to: before)
            return nil
        }
        let lines = sections.firstIndex { $0.name == ".debug_line" }.map { layout.places[$0] }
        return UnpackedDwarf(
            start: before + padding, size: layout.size, lineSection: lines, generation: scratch.generation)
    }

    /// Appends the section's bytes, exactly as many as it states.
    private static func write(_ section: DwarfSection, _ image: ElfImage, _ scratch: ScratchFile) -> Bool {
        var left = section.size
        let isWhole = ZlibStream.forEachPiece(of: section.stored, in: image, isPacked: section.packing == .zlib) {
            piece in
            guard UInt64(piece.count) <= left else { return false }
            left -= UInt64(piece.count)
            return scratch.append(piece)
        }
        return isWhole && left == 0
    }
}

/// Where everything stands in an ELF file that has nothing but sections: header, sections, their names, their headers.
struct UnpackedLayout {
    let header: [UInt8]
    /// Each section's bytes.
    let places: [Range<UInt64>]
    /// What follows the last section: names and section headers.
    let trailer: [UInt8]
    let size: UInt64

    init(_ sections: [DwarfSection], machine: UInt16) {
        var places: [Range<UInt64>] = []
        var end: UInt64 = 64
        for section in sections {
            places.append(end..<end + section.size)
            end += section.size
        }
        var names: [UInt8] = [0]
        var offsets: [UInt32] = []
        for name in sections.map(\.name) + [".shstrtab"] {
            offsets.append(UInt32(names.count))
            names += Array(name.utf8) + [0]
        }
        var headers = ByteWriter()
        for _ in 0..<8 { headers.append(UInt64(0)) }
        for (number, place) in places.enumerated() { Self.append(offsets[number], place, type: 1, to: &headers) }
        Self.append(offsets[places.count], end..<end + UInt64(names.count), type: 3, to: &headers)
        self.places = places
        trailer = names + headers.bytes
        size = end + UInt64(trailer.count)
        header = Self.header(sections: places.count + 2, at: end + UInt64(names.count), machine)
    }

    /// Elf64_Shdr of SHT_PROGBITS (1) or SHT_STRTAB (3).
    private static func append(_ name: UInt32, _ place: Range<UInt64>, type: UInt32, to writer: inout ByteWriter) {
        writer.append(name)
        writer.append(type)
        for word in [0, 0, place.lowerBound, place.upperBound - place.lowerBound, 0, 1, 0] { writer.append(word) }
    }

    /// Elf64_Ehdr: 64-bit, little-endian, version 1, ET_DYN, no segments.
    private static func header(sections: Int, at offset: UInt64, _ machine: UInt16) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(UInt64(0x0001_0102_464c_457f))
        writer.append(UInt64(0))
        for half in [3, machine, 1, 0] { writer.append(half) }
        for word in [0, 0, offset] { writer.append(word) }
        writer.append(UInt32(0))
        for half in [64, 56, 0, 64, UInt16(clamping: sections), UInt16(clamping: sections - 1)] { writer.append(half) }
        return writer.bytes
    }
}
