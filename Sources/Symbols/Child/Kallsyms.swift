import Binary
import Platform

/// The symbols of the running kernel, out of `/proc/kallsyms` (kernel/kallsyms.c, s_show:
/// `ADDRESS TYPE NAME[\t[MODULE]]`), parsed once: the file cannot be read in the middle without being made anew.
struct KallsymsIndex {
    /// Symbols of code that are kept; a distribution's kernel has about 75 thousand.
    static let maximumSymbols = 160_000
    private static let maximumText: UInt64 = 64 << 20
    /// Code of the kernel ends somewhere: the last function before a gap gets no more than this, in bytes.
    private static let maximumFunction: UInt64 = 1 << 20

    private var ranges = RangeIndex()
    /// Names as they are shown, each ended by a newline.
    private var text: [UInt8] = []
    /// Whether no address is known: the kernel shows zeros, or nothing.
    private(set) var isHidden = true

    var byteCount: Int { ranges.byteCount + text.capacity }

    init(reading file: borrowing FileDescriptor) {
        var found: [SymbolCandidate] = []
        // Only what is written takes memory; growing would need old and new at once.
        text.reserveCapacity(3 << 20)
        found.reserveCapacity(KallsymsIndex.maximumSymbols)
        _ = TextLines.forEach(file, from: 0, to: KallsymsIndex.maximumText) { line, _ in
            if let candidate = candidate(line) { found.append(candidate) }
            return found.count < KallsymsIndex.maximumSymbols
        }
        isHidden = found.isEmpty
        found.sort { ($0.start, $0.priority) < ($1.start, $1.priority) }
        var next = UInt64.max
        for index in found.indices.reversed() {
            if index + 1 < found.count, found[index + 1].start != found[index].start { next = found[index + 1].start }
            found[index].end = min(
                next, found[index].start.addingReportingOverflow(KallsymsIndex.maximumFunction).partialValue)
            if found[index].end < found[index].start { found[index].end = next }
            found[index].priority = UInt32(index)
        }
        ranges = RangeIndex(sorted: found)
    }

    /// A symbol of code with an address; its name is appended to the text.
    private mutating func candidate(_ line: ArraySlice<UInt8>) -> SymbolCandidate? {
        var cursor = LineCursor(line)
        guard let address = cursor.hexadecimal(), address != 0, let type = cursor.rest.first,
            let rank = KallsymsIndex.rank(ofType: type)
        else { return nil }
        _ = cursor.field(upTo: [UInt8(ascii: " ")])
        let name = cursor.field(upTo: [UInt8(ascii: "\t"), UInt8(ascii: " ")])
        guard !name.isEmpty else { return nil }
        let reference = UInt32(clamping: text.count)
        text.append(contentsOf: name)
        if !cursor.rest.isEmpty { text.append(contentsOf: [UInt8(ascii: " ")] + cursor.rest) }
        text.append(UInt8(ascii: "\n"))
        let underscores = name.prefix { $0 == UInt8(ascii: "_") }.count
        return SymbolCandidate(
            start: address, end: 0, priority: rank * 16 + 15 - UInt32(min(underscores, 15)), name: reference)
    }

    /// Global before weak before local; `nil` for what is no code.
    private static func rank(ofType type: UInt8) -> UInt32? {
        switch type {
        case UInt8(ascii: "T"): 3
        case UInt8(ascii: "W"), UInt8(ascii: "w"): 2
        case UInt8(ascii: "t"): 1
        default: nil
        }
    }

    /// The name at an address and the range that it is valid for.
    func answer(_ address: UInt64) -> (Range<UInt64>, SymbolOutcome) {
        if isHidden { return (0..<UInt64.max, .unnamed(.kernelHidden)) }
        let (range, reference) = ranges.lookUp(address)
        guard reference != RangeIndex.hole, Int(reference) < text.count else { return (range, .unnamed(.noSymbol)) }
        let shown = text[Int(reference)...].prefix { $0 != UInt8(ascii: "\n") }
        let symbol = shown.prefix { $0 != UInt8(ascii: " ") }
        return (range, .named(function: Demangler.text(shown), systemName: Demangler.text(symbol)))
    }
}
