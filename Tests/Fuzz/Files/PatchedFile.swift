import Binary
import Platform
import TestKit

/// A real file, of which an input changes some bytes; the changes are taken back after each run.
struct PatchedFile {
    private var bytes: [UInt8]
    /// What readers look at: headers and the sections that Hearth knows.
    private let regions: [Range<Int>]

    init(path: String) throws {
        bytes = try FileDescriptor.open(path).readAll(limit: 64 << 20)
        let image = try ElfImage(bytes: bytes)
        var regions = [0..<min(bytes.count, 64 + 56 * 14)]
        let headers = image.sectionCount * 64
        regions.append(bytes.count - min(bytes.count, headers)..<bytes.count)
        for name in Self.sections {
            guard let section = image.section(named: name), section.type != ElfSection.typeNoBits else { continue }
            let start = Int(clamping: section.fileOffset)
            let end = min(bytes.count, start + Int(clamping: section.size))
            if start < end { regions.append(start..<end) }
        }
        self.regions = regions
    }

    private static let sections = [
        ".eh_frame_hdr", ".eh_frame", ".symtab", ".strtab", ".dynsym", ".dynstr", ".gopclntab",
        ".data.rel.ro.gopclntab", ".gnu_debugdata", ".note.gnu.build-id", ".gnu_debuglink", ".shstrtab", ".text",
    ]

    /// Lends the file with the changes that the rest of an input asks for.
    mutating func withChanges(_ input: inout InputReader, _ body: ([UInt8]) -> Void) {
        var undo: [(Int, UInt8)] = []
        let cut = input.byte()
        while !input.isAtEnd, undo.count < 4096 { change(&input, &undo) }
        if cut & 15 == 15 {
            body(Array(bytes.prefix(bytes.count * Int(cut >> 4) / 16 + Int(cut))))
        } else {
            body(bytes)
        }
        for (offset, byte) in undo.reversed() { bytes[offset] = byte }
    }

    private mutating func change(_ input: inout InputReader, _ undo: inout [(Int, UInt8)]) {
        let region = regions[input.below(regions.count)]
        // Tables are most sensitive at their start.
        let kind = input.byte()
        let reach = kind & 16 == 0 ? min(region.count, 64) : region.count
        let offset = region.lowerBound + input.below(reach)
        func value(_ index: Int, _ old: UInt8, _ input: inout InputReader) -> UInt8 {
            switch kind & 3 {
            case 0: old ^ 1 << (kind >> 5)
            case 1: [0, 0xff, 0x7f, 0x80][Int(kind >> 5) & 3]
            case 2: old &+ UInt8(kind >> 5) &- 3
            default: input.byte()
            }
        }
        for index in offset..<min(bytes.count, offset + [1, 2, 4, 8][Int(kind >> 2 & 3)]) {
            undo.append((index, bytes[index]))
            bytes[index] = value(index, bytes[index], &input)
        }
    }

    /// Programs with a known truth, as far as their compilers are here: many kinds of tables in files of all sizes.
    static func load(_ programs: [KnownProgram]) throws -> [PatchedFile] {
        try programs.compactMap { try $0.builtOrSkipped() }.map { try PatchedFile(path: $0.path) }
    }
}
