import Binary

/// `.gopclntab`: the functions of a Go program, which it carries for its own tracebacks even when it is stripped.
/// Layout of Go 1.18 and later (runtime/symtab.go, pcHeader and functab; cmd/link/internal/ld/pcln.go); others are
/// refused.
struct GoFunctionTable: FunctionTable {
    private static let maximumFunctions: UInt64 = 4 << 20
    /// One entry: two u32, the start of the function after `textStart` and the place of its record.
    private static let entrySize: UInt64 = 8

    let count: Int
    private let image: ElfImage
    private let section: ElfSection
    private let textStart: UInt64
    /// Where the names and the entries begin in the file; offsets of records count from the latter.
    private let names: UInt64
    private let entries: UInt64

    init?(_ image: ElfImage) {
        guard let section = image.section(named: ".gopclntab") ?? image.section(named: ".data.rel.ro.gopclntab"),
            section.type != ElfSection.typeNoBits, section.size > 72, section.fileOffset <= image.fileSize,
            section.size <= image.fileSize - section.fileOffset,
            let head = image.readWord(atFileOffset: section.fileOffset),
            [0xffff_fff1, 0xffff_fff0].contains(head & 0xffff_ffff), head >> 56 == 8
        else { return nil }
        func field(_ index: UInt64) -> UInt64? { image.readWord(atFileOffset: section.fileOffset + 8 + index * 8) }
        guard let functions = field(0), functions <= GoFunctionTable.maximumFunctions, let start = field(2),
            let nameOffset = field(3), nameOffset < section.size, let entryOffset = field(7),
            entryOffset < section.size,
            (functions + 1) * GoFunctionTable.entrySize <= section.size - entryOffset
        else { return nil }
        self.image = image
        self.section = section
        count = Int(functions)
        names = section.fileOffset + nameOffset
        entries = section.fileOffset + entryOffset
        textStart = start != 0 ? start : image.section(named: ".text")?.address ?? 0
        // Go 1.26 and later leave the start of the text out, and a relocation may stand for it: then the section is
        // right only if Go's own linker wrote the file, which the program's entry shows.
        if start == 0, !isFunction(image.entryPoint) { return nil }
    }

    func scanFunctions(until body: (ElfFunction) -> Bool) {
        var chunk = [UInt8](repeating: 0, count: 8192)
        var index = 0
        var open: (start: UInt64, index: Int)?
        while index <= count {
            let got = image.read(fileOffset: entries + UInt64(index) * GoFunctionTable.entrySize, into: &chunk)
            let whole = min(got / Int(GoFunctionTable.entrySize), count + 1 - index)
            if whole == 0 { return }
            for entry in 0..<whole {
                let start = textStart &+ UInt64(GoFunctionTable.offset(in: chunk, entry))
                if let open, start > open.start, body(function(open.index, open.start, start)) { return }
                open = (start, index + entry)
            }
            index += whole
        }
    }

    private static func offset(in chunk: [UInt8], _ entry: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(chunk[entry * Int(entrySize) + $1]) << UInt32(8 * $1) }
    }

    private func function(_ index: Int, _ start: UInt64, _ end: UInt64) -> ElfFunction {
        ElfFunction(start: start, size: end - start, sectionEnd: end, name: UInt32(index), rank: 4)
    }

    /// The name of the function with an index: its record begins {u32 start, i32 offset of the name}.
    func name(at reference: UInt32, limit: Int) -> [UInt8]? {
        guard reference < count,
            let record = image.readUInt32(atFileOffset: entries + UInt64(reference) * GoFunctionTable.entrySize + 4),
            let offset = image.readUInt32(atFileOffset: entries + UInt64(record) + 4)
        else { return nil }
        let position = names + UInt64(offset)
        let end = section.fileOffset + section.size
        guard position < end else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(min(UInt64(min(limit, 1024)), end - position)))
        let got = image.read(fileOffset: position, into: &bytes)
        let name = bytes[0..<got].prefix { $0 != 0 }
        return name.isEmpty ? nil : Array(name)
    }

    private func isFunction(_ address: UInt64) -> Bool {
        var found = false
        scanFunctions(until: { function in
            found = function.start == address
            return function.start >= address
        })
        return found
    }
}
