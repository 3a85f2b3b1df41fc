/// A line of `/proc/PID/maps` (fs/proc/task_mmu.c, `show_map_vma`):
/// `start-end perms offset major:minor inode      path`.
struct ProcMapsLine: Hashable {
    var range: Range<UInt64>
    var isExecutable: Bool
    var fileOffset: UInt64
    /// Major << 32 | minor.
    var device: UInt64
    var inode: UInt64
    var path: String

    /// All lines that can be read; others are passed over.
    static func lines(in text: [UInt8]) -> [ProcMapsLine] {
        text.split(separator: UInt8(ascii: "\n")).compactMap { ProcMapsLine($0) }
    }

    /// Lines of executable mappings only, found before they are parsed: most lines of a process are data.
    static func executableLines(in text: [UInt8]) -> [ProcMapsLine] {
        text.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard let space = line.firstIndex(of: UInt8(ascii: " ")), line.endIndex - space > 4,
                line[space + 3] == UInt8(ascii: "x")
            else { return nil }
            return ProcMapsLine(line)
        }
    }

    init?(_ line: ArraySlice<UInt8>) {
        var cursor = AsciiCursor(line)
        guard let start = cursor.hexadecimal(), cursor.skip("-"), let end = cursor.hexadecimal(), start < end,
            cursor.skip(" "), let permissions = cursor.word(), permissions.count >= 4, cursor.skip(" "),
            let offset = cursor.hexadecimal(), cursor.skip(" "), let major = cursor.hexadecimal(), cursor.skip(":"),
            let minor = cursor.hexadecimal(), cursor.skip(" "), let inode = cursor.decimal()
        else { return nil }
        range = start..<end
        isExecutable = permissions[permissions.startIndex + 2] == UInt8(ascii: "x")
        fileOffset = offset
        device = major << 32 | (minor & 0xffff_ffff)
        self.inode = inode
        path = cursor.rest()
    }
}

/// Reads fields of a line of ASCII text.
struct AsciiCursor {
    private var rest_: ArraySlice<UInt8>

    init(_ text: ArraySlice<UInt8>) { rest_ = text }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest_.first == UInt8(ascii: character) else { return false }
        rest_.removeFirst()
        return true
    }

    /// A number of at most 16 digits.
    mutating func hexadecimal() -> UInt64? {
        var value: UInt64 = 0
        var digits = 0
        while digits < 16, let byte = rest_.first, let digit = Self.digit(byte) {
            value = value << 4 | digit
            digits += 1
            rest_.removeFirst()
        }
        return digits > 0 ? value : nil
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case 0x30...0x39: UInt64(byte - 0x30)
        case 0x61...0x66: UInt64(byte - 0x61 + 10)
        case 0x41...0x46: UInt64(byte - 0x41 + 10)
        default: nil
        }
    }

    mutating func decimal() -> UInt64? {
        var value: UInt64 = 0
        var digits = 0
        while digits < 19, let byte = rest_.first, byte >= 0x30, byte <= 0x39 {
            value = value * 10 + UInt64(byte - 0x30)
            digits += 1
            rest_.removeFirst()
        }
        return digits > 0 ? value : nil
    }

    /// The bytes up to the next blank.
    mutating func word() -> ArraySlice<UInt8>? {
        let word = rest_.prefix { $0 != UInt8(ascii: " ") }
        rest_ = rest_.dropFirst(word.count)
        return word.isEmpty ? nil : word
    }

    /// What is left, without blanks in front.
    func rest() -> String { String(decoding: rest_.drop { $0 == UInt8(ascii: " ") }, as: UTF8.self) }
}
