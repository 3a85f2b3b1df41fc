/// Writes JSON (RFC 8259) that may also stand inside a script element: `<`, `>`, `&` and the line separators that
/// JavaScript knows are escaped.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    mutating func object(_ key: StaticString? = nil, _ body: (inout JSONWriter) -> Void) {
        nest(key, open: "{", close: "}", body)
    }

    mutating func array(_ key: StaticString? = nil, _ body: (inout JSONWriter) -> Void) {
        nest(key, open: "[", close: "]", body)
    }

    mutating func field(_ key: StaticString, _ value: String) {
        begin(key)
        quote(value)
    }

    mutating func field(_ key: StaticString, _ value: some FixedWidthInteger) {
        begin(key)
        bytes.append(contentsOf: String(value).utf8)
    }

    mutating func field(_ key: StaticString, _ value: Double) {
        begin(key)
        bytes.append(contentsOf: NumberText.json(value).utf8)
    }

    mutating func field(_ key: StaticString, _ value: Bool) {
        begin(key)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    mutating func field(_ key: String, number value: Int64) {
        separate()
        quote(key)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(contentsOf: String(value).utf8)
    }

    mutating func value(_ value: String) {
        separate()
        quote(value)
    }

    mutating func value(_ value: some FixedWidthInteger) {
        separate()
        bytes.append(contentsOf: String(value).utf8)
    }

    mutating func value(_ value: Double) {
        separate()
        bytes.append(contentsOf: NumberText.json(value).utf8)
    }

    mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    private mutating func nest(
        _ key: StaticString?, open: Unicode.Scalar, close: Unicode.Scalar, _ body: (inout JSONWriter) -> Void
    ) {
        if let key { begin(key) } else { separate() }
        bytes.append(UInt8(ascii: open))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: close))
        needsComma = true
    }

    private mutating func begin(_ key: StaticString) {
        separate()
        quote(key.description)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": bytes.append(contentsOf: "\\\"".utf8)
            case "\\": bytes.append(contentsOf: "\\\\".utf8)
            case "\n": bytes.append(contentsOf: "\\n".utf8)
            case "\t": bytes.append(contentsOf: "\\t".utf8)
            case "\u{0}"..."\u{1f}", "\u{7f}", "<", ">", "&", "\u{2028}", "\u{2029}": escape(scalar)
            default: bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ scalar: Unicode.Scalar) {
        let digits = String(scalar.value, radix: 16)
        bytes.append(contentsOf: "\\u".utf8)
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count))
        bytes.append(contentsOf: digits.utf8)
    }
}
