import Binary
import Platform

/// The code of a runtime, as it lists it in `/tmp/perf-PID.map` (tools/perf/Documentation/jit-interface.txt in the
/// kernel's source: `START SIZE name`, hexadecimal). Later lines replace earlier ones. Names stay in the file.
struct PerfMapIndex {
    /// Bytes of a map that are read.
    static let maximumBytes: UInt64 = 64 << 20
    /// Lines of a map that are read.
    static let maximumLines: UInt32 = 2 << 20

    private var ranges = RangeIndex()
    private var identity: UInt64
    private var parsed: UInt64 = 0
    private var lines: UInt32 = 0

    var byteCount: Int { 64 + ranges.byteCount }

    init(identity: UInt64) { self.identity = identity }

    /// Whether the index is of this file and the file has not become shorter.
    func isOf(identity: UInt64, size: UInt64) -> Bool { self.identity == identity && size >= parsed }

    /// Reads the lines that came since the last time. False if there are more than `limit` ranges: then the index is
    /// of no use.
    mutating func grow(_ file: borrowing FileDescriptor, size: UInt64, limit: Int) -> Bool {
        let end = min(size, PerfMapIndex.maximumBytes)
        guard end > parsed, lines < PerfMapIndex.maximumLines else { return true }
        var found = ranges.candidates(priority: 0)
        parsed = PerfMapIndex.forEachCandidate(file, from: parsed, to: end, firstLine: lines + 1) { candidate in
            lines = candidate.priority
            found.append(candidate)
            return found.count <= limit
        }
        guard found.count <= limit else { return false }
        found.sort { $0.start < $1.start }
        ranges = RangeIndex(sorted: found)
        return true
    }

    func lookUp(_ address: UInt64) -> BatchScan.Answer {
        let (range, name) = ranges.lookUp(address)
        return BatchScan.Answer(range: range, name: name)
    }

    /// One pass over a map that is too large for an index.
    static func scan(_ file: borrowing FileDescriptor, size: UInt64, addresses: [UInt64]) -> [BatchScan.Answer] {
        var scan = BatchScan(addresses: addresses, order: .latest)
        _ = forEachCandidate(file, from: 0, to: min(size, maximumBytes), firstLine: 1) { candidate in
            scan.offer(candidate)
            return candidate.priority < maximumLines
        }
        return scan.answers()
    }

    private static func forEachCandidate(
        _ file: borrowing FileDescriptor, from offset: UInt64, to end: UInt64, firstLine: UInt32,
        _ body: (SymbolCandidate) -> Bool
    ) -> UInt64 {
        var line = firstLine
        return TextLines.forEach(file, from: offset, to: end) { text, position in
            var cursor = LineCursor(text)
            guard let start = cursor.hexadecimal(), let size = cursor.hexadecimal(), size > 0, !cursor.rest.isEmpty,
                !start.addingReportingOverflow(size).overflow
            else { return true }
            let name = UInt32(clamping: position + UInt64(text.count - cursor.rest.count))
            defer { line += 1 }
            return body(SymbolCandidate(start: start, end: start + size, priority: line, name: name))
                && line < maximumLines
        }
    }

    /// The name that stands at an offset of the map, up to the end of its line.
    static func outcome(_ file: borrowing FileDescriptor, _ reference: UInt32) -> SymbolOutcome {
        if reference == RangeIndex.hole { return .unnamed(.noSymbol) }
        var bytes = [UInt8](repeating: 0, count: Wire.maximumName)
        let got = TextLines.read(file, at: UInt64(reference), into: &bytes)
        let name = bytes[0..<got].prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        if name.isEmpty { return .unnamed(.malformed) }
        let text = Demangler.text(name)
        return .named(function: text, systemName: text)
    }
}
