/// A shell pattern: `*` any text (also with slashes), `?` one character, `[a-z]` and `[!a-z]` one of a set, `\` takes
/// the next character as it is. Matching takes O(pattern · text) at worst and no memory.
public struct GlobPattern: Hashable, Sendable {
    /// A longer pattern is refused.
    public static let maximumBytes = 512
    /// Only this many bytes of a text are looked at: command lines can have megabytes.
    public static let maximumTextBytes = 4096

    private enum Token: Hashable, Sendable {
        case text
        case one
        case byte(UInt8)
        case set([ClosedRange<UInt8>], negated: Bool)
    }

    /// The pattern as it was written.
    public let source: String
    private let tokens: [Token]

    /// Parses a pattern; `nil` when it is empty, too long, or has a `[` without its `]`.
    public init?(_ source: String) {
        let bytes = Array(source.utf8)
        guard !bytes.isEmpty, bytes.count <= Self.maximumBytes else { return nil }
        var tokens: [Token] = []
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "*"):
                if tokens.last != .text { tokens.append(.text) }
                index += 1
            case UInt8(ascii: "?"):
                tokens.append(.one)
                index += 1
            case UInt8(ascii: "["):
                guard let (set, next) = Self.parseSet(bytes, from: index + 1) else { return nil }
                tokens.append(set)
                index = next
            case UInt8(ascii: "\\") where index + 1 < bytes.count:
                tokens.append(.byte(bytes[index + 1]))
                index += 2
            case let byte:
                tokens.append(.byte(byte))
                index += 1
            }
        }
        self.source = source
        self.tokens = tokens
    }

    /// Whether the whole text matches.
    public func matches(_ text: String) -> Bool {
        let text = Array(text.utf8.prefix(Self.maximumTextBytes))
        var token = 0
        var place = 0
        // Where to go on after a mismatch: behind the last `*`, one byte further. Older stars need no second try.
        var retry: (token: Int, place: Int)?
        while place < text.count {
            if token < tokens.count {
                if tokens[token] == .text {
                    retry = (token + 1, place)
                    token += 1
                    continue
                }
                if let length = step(tokens[token], text, place) {
                    token += 1
                    place += length
                    continue
                }
            }
            guard let last = retry else { return false }
            retry = (last.token, last.place + 1)
            token = last.token
            place = last.place + 1
        }
        return tokens[token...].allSatisfy { $0 == .text }
    }

    /// Bytes that a token takes at a place, `nil` if it does not match there.
    private func step(_ token: Token, _ text: [UInt8], _ place: Int) -> Int? {
        switch token {
        case .text: return 0
        case .byte(let byte): return text[place] == byte ? 1 : nil
        case .set(let ranges, let negated):
            return ranges.contains { $0.contains(text[place]) } != negated ? length(text, place) : nil
        case .one: return length(text, place)
        }
    }

    /// Bytes of the character at a place: it and the UTF-8 continuation bytes behind it.
    private func length(_ text: [UInt8], _ place: Int) -> Int {
        1 + text[(place + 1)...].prefix(3).prefix { $0 & 0xC0 == 0x80 }.count
    }

    private static func parseSet(_ bytes: [UInt8], from start: Int) -> (Token, Int)? {
        var index = start
        var negated = false
        if index < bytes.count, bytes[index] == UInt8(ascii: "!") || bytes[index] == UInt8(ascii: "^") {
            negated = true
            index += 1
        }
        var ranges: [ClosedRange<UInt8>] = []
        while index < bytes.count {
            let low = bytes[index]
            if low == UInt8(ascii: "]"), !ranges.isEmpty { return (.set(ranges, negated: negated), index + 1) }
            if index + 2 < bytes.count, bytes[index + 1] == UInt8(ascii: "-"), bytes[index + 2] != UInt8(ascii: "]") {
                guard low <= bytes[index + 2] else { return nil }
                ranges.append(low...bytes[index + 2])
                index += 3
            } else {
                ranges.append(low...low)
                index += 1
            }
        }
        return nil
    }
}
