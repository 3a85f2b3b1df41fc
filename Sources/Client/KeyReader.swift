/// One press of a key.
enum Key: Equatable {
    case character(Character)
    case enter, escape, backspace, clear
    case up, down, pageUp, pageDown, home, end
}

/// Makes keys of the bytes that a terminal sends: UTF-8, and the sequences of xterm (ECMA-48, 5.4).
struct KeyReader {
    private var bytes: [UInt8] = []
    private static let escape: UInt8 = 0x1B
    /// Sequences are shorter; anything longer is none.
    private static let longestSequence = 16

    /// Whether something came that may be the begin of a key.
    var isWaiting: Bool { !bytes.isEmpty }

    mutating func feed(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    /// The next key; `nil` when there is none or not all of it. Bytes without a meaning are passed over.
    mutating func next() -> Key? {
        while let first = bytes.first {
            if first == Self.escape {
                guard bytes.count > 1 else { return nil }
                guard let length = sequenceLength() else { return nil }
                let sequence = bytes.prefix(length)
                bytes.removeFirst(length)
                if let key = Self.key(of: sequence) { return key }
                continue
            }
            guard let length = Self.characterLength(first), bytes.count >= length else {
                if Self.characterLength(first) != nil { return nil }
                bytes.removeFirst()
                continue
            }
            let text = String(validating: bytes.prefix(length), as: UTF8.self)
            bytes.removeFirst(length)
            if let key = text.flatMap({ $0.first }).flatMap(Self.key) { return key }
        }
        return nil
    }

    /// Nothing came for a while: an escape without a sequence is the key itself, half a character nothing.
    mutating func pause() -> Key? {
        defer { bytes = [] }
        return bytes.first == Self.escape ? .escape : nil
    }

    /// `ESC [ … final`, `ESC O x`, else the key itself with another one behind it; `nil` while the end is missing.
    private func sequenceLength() -> Int? {
        guard bytes[1] == UInt8(ascii: "[") || bytes[1] == UInt8(ascii: "O") else { return 1 }
        if let end = bytes.dropFirst(2).firstIndex(where: { (0x40...0x7E).contains($0) }) { return end + 1 }
        return bytes.count >= Self.longestSequence ? bytes.count : nil
    }

    private static func key(of sequence: ArraySlice<UInt8>) -> Key? {
        switch String(decoding: sequence.dropFirst(), as: UTF8.self) {
        case "": .escape
        case "[A", "OA": .up
        case "[B", "OB": .down
        case "[5~": .pageUp
        case "[6~": .pageDown
        case "[H", "OH", "[1~": .home
        case "[F", "OF", "[4~": .end
        default: nil
        }
    }

    private static func key(_ character: Character) -> Key? {
        switch character {
        case "\r", "\n", "\r\n": .enter
        case "\u{7F}", "\u{8}": .backspace
        case "\u{15}": .clear
        default: (character.unicodeScalars.first?.value ?? 0) < 0x20 ? nil : .character(character)
        }
    }

    /// Bytes of a character by its first one (RFC 3629, section 3); `nil` for a byte that begins none.
    private static func characterLength(_ first: UInt8) -> Int? {
        switch first {
        case 0..<0x80: 1
        case 0xC2..<0xE0: 2
        case 0xE0..<0xF0: 3
        case 0xF0..<0xF5: 4
        default: nil
        }
    }
}
