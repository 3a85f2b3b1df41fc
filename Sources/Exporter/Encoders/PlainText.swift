/// Text for terminals and formats of lines. Names come from hostile files: an escape sequence in one must not reach a
/// terminal, a line break not a parser.
enum PlainText {
    /// The text with control characters and separators of lines replaced by U+FFFD.
    static func line(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{fffd}" : $0 }))
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }
}
