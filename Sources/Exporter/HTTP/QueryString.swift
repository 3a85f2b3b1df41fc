/// The parameters of a request, each known and given once.
struct Parameters: Sendable {
    private let values: [String: String]

    /// - Throws: a refusal that names the parameter and the nearest that exists.
    init(_ query: String, known: [String]) throws(Refusal) {
        var values: [String: String] = [:]
        for part in query.split(separator: "&", omittingEmptySubsequences: true) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decode(pair[0])
            let value = pair.count > 1 ? try Self.decode(pair[1]) : ""
            guard known.contains(name) else { throw Self.unknown(name, known) }
            guard values.updateValue(value, forKey: name) == nil else {
                throw Refusal(400, "parameter '\(Shown.text(name))' is given twice", hint: "give each parameter once")
            }
        }
        self.values = values
    }

    /// The value; `nil` when the parameter is missing or empty.
    subscript(_ name: String) -> String? {
        guard let value = values[name], !value.isEmpty else { return nil }
        return value
    }

    private static func decode(_ text: Substring) throws(Refusal) -> String {
        guard let decoded = PercentEncoding.decode(text, plusIsSpace: true) else {
            throw Refusal(400, "the query is not properly percent-encoded UTF-8", hint: "encode it as RFC 3986 says")
        }
        return decoded
    }

    private static func unknown(_ name: String, _ known: [String]) -> Refusal {
        let nearest = EditDistance.nearest(to: name, among: known)
        let hint =
            known.isEmpty
            ? "this path takes no parameters"
            : nearest.map { "did you mean '\($0)'?" } ?? "known here: \(known.joined(separator: ", "))"
        return Refusal(400, "unknown parameter '\(Shown.text(name))'", hint: hint)
    }
}

/// Text of a request inside an answer to it.
enum Shown {
    /// Cut to a length that a person reads, without control characters.
    static func text(_ text: String) -> String {
        let visible = text.unicodeScalars.prefix(80).map { $0.value < 0x20 || $0.value == 0x7f ? "\u{fffd}" : $0 }
        return String(String.UnicodeScalarView(visible)) + (text.unicodeScalars.count > 80 ? "…" : "")
    }
}

/// Percent-encoding (RFC 3986, section 2.1).
enum PercentEncoding {
    /// `nil` for a broken escape or for bytes that are no UTF-8.
    static func decode(_ text: Substring, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+"), plusIsSpace {
                bytes.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// Levenshtein's distance, for words that people mistype.
enum EditDistance {
    /// The nearest word within two edits or a third of the length.
    static func nearest(to word: String, among words: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let ranked = words.map { (distance(word, $0), $0) }.min { $0 < $1 }
        guard let (distance, nearest) = ranked, distance <= max(2, nearest.utf8.count / 3) else { return nil }
        return nearest
    }

    private static func distance(_ a: String, _ b: String) -> Int {
        let target = Array(b.utf8)
        var row = Array(0...target.count)
        for (line, byte) in a.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for column in target.indices {
                let change = diagonal + (byte == target[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(change, row[column] + 1, diagonal + 1)
            }
        }
        return row[target.count]
    }
}
