import Binary
import Platform

/// Lines of a text file of any size through a bounded buffer, with the offset of each.
struct TextLines {
    /// Longer lines are cut.
    private static let maximumLine = 16 << 10

    /// Calls `body` with each whole line (without its end) and its offset, from `offset` up to `end`; stops when it
    /// returns false. Returns the offset after the last whole line.
    static func forEach(
        _ file: borrowing FileDescriptor, from offset: UInt64, to end: UInt64,
        _ body: (ArraySlice<UInt8>, UInt64) -> Bool
    ) -> UInt64 {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var held = 0
        var position = offset
        while position < end {
            let got = read(file, at: position + UInt64(held), into: &buffer, after: held, limit: end)
            let filled = held + got
            var start = 0
            while let newline = buffer[start..<filled].firstIndex(of: UInt8(ascii: "\n")) {
                if !body(buffer[start..<min(newline, start + maximumLine)], position + UInt64(start)) {
                    return position
                }
                start = newline + 1
            }
            if got == 0 { return position + UInt64(start) }
            if start == 0, filled == buffer.count { start = filled }  // A line without end: its first part is dropped.
            position += UInt64(start)
            held = filled - start
            buffer.replaceSubrange(0..<held, with: Array(buffer[start..<filled]))
        }
        return position
    }

    /// Fills an array after its first `held` bytes with what the file has from an offset, up to a limit; returns how
    /// many bytes there were, none if it cannot be read.
    static func read(
        _ file: borrowing FileDescriptor, at offset: UInt64, into buffer: inout [UInt8], after held: Int = 0,
        limit: UInt64 = UInt64(Int64.max)
    ) -> Int {
        guard offset < limit else { return 0 }
        let wanted = min(buffer.count - held, Int(clamping: limit - offset))
        return unsafe buffer.withUnsafeMutableBytes { bytes in
            // SAFETY: held + wanted ≤ count.
            let space = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[held..<held + wanted])
            return (try? unsafe file.read(at: offset, into: space)) ?? 0
        }
    }
}

/// A position in a line, for the formats of the kernel and of perf.
struct LineCursor {
    private(set) var rest: ArraySlice<UInt8>
    init(_ line: ArraySlice<UInt8>) { rest = line }

    /// A hexadecimal number of 1…16 digits, with or without `0x`, and the blank after it.
    mutating func hexadecimal() -> UInt64? {
        if rest.starts(with: "0x".utf8) { rest = rest.dropFirst(2) }
        var value: UInt64 = 0
        var digits = 0
        while let byte = rest.first, let digit = LineCursor.digit(byte) {
            guard digits < 16 else { return nil }
            value = value << 4 | UInt64(digit)
            digits += 1
            rest = rest.dropFirst()
        }
        guard digits > 0, let blank = rest.popFirst(), blank == UInt8(ascii: " ") else { return nil }
        return value
    }

    /// The bytes up to a separator, which is dropped, or all that is left.
    mutating func field(upTo separators: [UInt8]) -> ArraySlice<UInt8> {
        let field = rest.prefix { !separators.contains($0) }
        rest = rest.dropFirst(field.count + 1)
        return field
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 97...102: byte - 87
        case 65...70: byte - 55
        default: nil
        }
    }
}
