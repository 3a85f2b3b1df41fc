/// Lengths of time as the interface writes them: `10s`, `5m`, `24h`.
enum TimeSpan {
    /// Nanoseconds of a text like `10s`, `1500ms`, `5m`, `24h`, `7d`; a bare number is seconds. `nil` when it is none.
    static func parse(_ text: String) -> Int64? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard let number = Int64(digits), number >= 0 else { return nil }
        let unit: Int64
        switch text.dropFirst(digits.count) {
        case "ms": unit = 1_000_000
        case "", "s": unit = 1_000_000_000
        case "m": unit = 60_000_000_000
        case "h": unit = 3_600_000_000_000
        case "d": unit = 86_400_000_000_000
        default: return nil
        }
        let (value, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow ? nil : value
    }

    /// For people: `250 ms`, `10 s`, `5 min`, `1 h 30 min`.
    static func text(_ nanoseconds: Int64) -> String {
        let seconds = Double(nanoseconds) / 1e9
        if seconds < 1 { return "\(NumberText.rounded(seconds * 1_000)) ms" }
        if seconds < 60 { return "\(trimmed(seconds)) s" }
        let minutes = NumberText.rounded(seconds / 60)
        if minutes < 60 { return nanoseconds % 60_000_000_000 == 0 ? "\(minutes) min" : "\(trimmed(seconds)) s" }
        return minutes % 60 == 0 ? "\(minutes / 60) h" : "\(minutes / 60) h \(minutes % 60) min"
    }

    /// CPU time for people, with three digits: `1.50 s`, `12.3 ms`.
    static func precise(_ nanoseconds: Double) -> String {
        let magnitude = nanoseconds.magnitude
        let (unit, scale): (String, Double) =
            magnitude >= 1e9 ? ("s", 1e9) : magnitude >= 1e6 ? ("ms", 1e6) : magnitude >= 1e3 ? ("µs", 1e3) : ("ns", 1)
        let value = nanoseconds / scale
        let digits = value.magnitude >= 100 || scale == 1 ? 0 : value.magnitude >= 10 ? 1 : 2
        return "\(NumberText.fixed(value, digits: digits)) \(unit)"
    }

    private static func trimmed(_ seconds: Double) -> String {
        let text = NumberText.fixed(seconds, digits: 1)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
