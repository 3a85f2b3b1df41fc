import Binary
import Platform

/// The symbols of the running kernel, out of `/proc/kallsyms` (kernel/kallsyms.c, s_show:
/// `ADDRESS TYPE NAME[\t[MODULE]]`), parsed once: the file cannot be read in the middle without being made anew.
/// Ranges and names stand in the scratch file.
struct KallsymsIndex {
    /// Symbols of code that are kept; a distribution's kernel has about 75 thousand, one with everything built in
    /// twice as many.
    static let maximumSymbols = 320_000
    private static let maximumText: UInt64 = 64 << 20
    /// Code of the kernel ends somewhere: the last function before a gap gets no more than this, in bytes.
    private static let maximumFunction: UInt64 = 1 << 20
    /// A name, its module in brackets and the end of its line.
    private static let maximumName = 1024

    private struct Symbol {
        var start: UInt64
        var name: UInt32
        /// Greater is better among symbols of one address.
        var quality: UInt8
    }

    private let scratch: ScratchFile
    /// Where the names begin in the file; each ends with its line.
    private let text: UInt64
    /// `nil` if no address is known, because the kernel shows zeros or nothing, or the file is full.
    private var ranges: RangeFile?
    private var isHidden = true

    var byteCount: Int { 64 + (ranges?.byteCount ?? 0) }
    /// Whether the file still holds it.
    var isThere: Bool { ranges?.isThere ?? isHidden }

    init(reading file: borrowing FileDescriptor, scratch: ScratchFile) {
        self.scratch = scratch
        _ = scratch.makeRoom(for: KallsymsIndex.maximumText)
        text = scratch.end
        var symbols = read(file)
        isHidden = symbols.isEmpty
        symbols.sort { ($0.start, $0.quality, $1.name) < ($1.start, $1.quality, $0.name) }
        ranges = write(symbols)
    }

    /// Symbols of code; their names go into the file.
    private func read(_ file: borrowing FileDescriptor) -> [Symbol] {
        var symbols: [Symbol] = []
        var names: [UInt8] = []
        var isFull = false
        _ = TextLines.forEach(file, from: 0, to: KallsymsIndex.maximumText) { line, _ in
            let place = scratch.end - text + UInt64(names.count)
            guard let symbol = KallsymsIndex.symbol(line, place: UInt32(clamping: place), &names) else { return true }
            symbols.append(symbol)
            if names.count > 32 << 10 {
                isFull = !scratch.append(names)
                names.removeAll(keepingCapacity: true)
            }
            return !isFull && symbols.count < KallsymsIndex.maximumSymbols
        }
        return scratch.append(names) && !isFull ? symbols : []
    }

    /// A symbol of code with an address; its name is appended to the names.
    private static func symbol(_ line: ArraySlice<UInt8>, place: UInt32, _ names: inout [UInt8]) -> Symbol? {
        var cursor = LineCursor(line)
        guard let address = cursor.hexadecimal(), address != 0, let type = cursor.rest.first,
            let rank = KallsymsIndex.rank(ofType: type)
        else { return nil }
        _ = cursor.field(upTo: [UInt8(ascii: " ")])
        let name = cursor.field(upTo: [UInt8(ascii: "\t"), UInt8(ascii: " ")])
        guard !name.isEmpty else { return nil }
        names.append(contentsOf: name)
        if !cursor.rest.isEmpty {
            names.append(UInt8(ascii: " "))
            names.append(contentsOf: cursor.rest)
        }
        names.append(UInt8(ascii: "\n"))
        let underscores = name.prefix { $0 == UInt8(ascii: "_") }.count
        return Symbol(start: address, name: place, quality: rank * 16 + 15 - UInt8(min(underscores, 15)))
    }

    /// Global before weak before local; `nil` for what is no code.
    private static func rank(ofType type: UInt8) -> UInt8? {
        switch type {
        case UInt8(ascii: "T"): 3
        case UInt8(ascii: "W"), UInt8(ascii: "w"): 2
        case UInt8(ascii: "t"): 1
        default: nil
        }
    }

    /// Of symbols that start at one address the last one gets the range up to the next start.
    private func write(_ symbols: [Symbol]) -> RangeFile? {
        guard !symbols.isEmpty else { return nil }
        var writer = RangeFileWriter(scratch)
        guard writer.append(start: 0, name: RangeIndex.hole) else { return nil }
        for (index, symbol) in symbols.enumerated() {
            let next = index + 1 < symbols.count ? symbols[index + 1].start : UInt64.max
            if next == symbol.start { continue }
            let end = symbol.start.addingReportingOverflow(KallsymsIndex.maximumFunction)
            guard writer.append(start: symbol.start, name: symbol.name),
                end.overflow || end.partialValue >= next
                    || writer.append(start: end.partialValue, name: RangeIndex.hole)
            else { return nil }
        }
        return writer.finish()
    }

    /// The name at an address and the range that it is valid for.
    func answer(_ address: UInt64) -> (Range<UInt64>, SymbolOutcome) {
        if isHidden { return (0..<UInt64.max, .unnamed(.kernelHidden)) }
        guard let (range, reference) = ranges?.lookUp(address) else { return (address..<address, .unnamed(.budget)) }
        var line = [UInt8](repeating: 0, count: KallsymsIndex.maximumName)
        guard reference != RangeIndex.hole, scratch.read(at: text + UInt64(reference), into: &line) > 0 else {
            return (range, .unnamed(.noSymbol))
        }
        let shown = line.prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }
        let symbol = shown.prefix { $0 != UInt8(ascii: " ") }
        return (range, .named(function: Demangler.text(shown), systemName: Demangler.text(symbol)))
    }
}
