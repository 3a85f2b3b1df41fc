/// Numbers as text.
enum NumberText {
    /// The shortest text that reads back as the same number; 0 for what JSON cannot say.
    static func json(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        return plain(value)
    }

    /// Whole numbers without a fraction.
    static func plain(_ value: Double) -> String {
        if let whole = Int64(exactly: value), abs(value) < 1e15 { return String(whole) }
        return value.description
    }

    /// Rounded to the nearest whole number; 0 for what is none, the bounds for what is too large.
    static func rounded(_ value: Double) -> Int64 {
        guard !value.isNaN else { return 0 }
        let whole = value.rounded()
        if whole >= 0x1p63 { return .max }
        return whole < -0x1p63 ? .min : Int64(whole)
    }

    /// With so many digits after the point, without use of a locale.
    static func fixed(_ value: Double, digits: Int) -> String {
        var scale: Int64 = 1
        for _ in 0..<digits { scale *= 10 }
        let scaled = rounded(value * Double(scale))
        let sign = scaled < 0 ? "-" : ""
        guard digits > 0 else { return sign + String(scaled.magnitude) }
        let (whole, rest) = scaled.magnitude.quotientAndRemainder(dividingBy: UInt64(scale))
        let fraction = String(rest)
        return sign + String(whole) + "." + String(repeating: "0", count: digits - fraction.utf8.count) + fraction
    }
}
