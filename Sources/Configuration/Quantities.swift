/// Sizes as people write them.
enum Size {
    private static let units: [(suffix: String, bytes: Int)] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]

    /// Bytes of `N`, `NKiB`, `NMiB` or `NGiB`; `nil` for anything else, also for more than `Int` holds.
    static func parse(_ text: String) -> Int? {
        for unit in units where text.hasSuffix(unit.suffix) {
            guard let count = whole(text.dropLast(unit.suffix.count)) else { return nil }
            let (bytes, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
            return overflow ? nil : bytes
        }
        return whole(text[...])
    }

    /// The shortest exact form.
    static func write(_ bytes: Int) -> String {
        for unit in units where bytes > 0 && bytes % unit.bytes == 0 { return "\(bytes / unit.bytes)\(unit.suffix)" }
        return "\(bytes)"
    }

    /// Digits only: no sign, no space.
    fileprivate static func whole(_ text: Substring) -> Int? {
        let digits = text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        return digits ? Int(text) : nil
    }
}

/// Durations as people write them.
enum TimeSpan {
    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// The time of `Nms`, `Ns`, `Nm`, `Nh` or `Nd`; `nil` for anything else: a bare number has no unit.
    static func parse(_ text: String) -> Duration? {
        for unit in units where text.hasSuffix(unit.suffix) {
            guard let count = Size.whole(text.dropLast(unit.suffix.count)) else { continue }
            let (time, overflow) = Int64(count).multipliedReportingOverflow(by: unit.milliseconds)
            return overflow ? nil : .milliseconds(time)
        }
        return nil
    }

    /// The shortest exact form.
    static func write(_ time: Duration) -> String {
        let (seconds, attoseconds) = time.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        for unit in units.reversed() where milliseconds % unit.milliseconds == 0 && milliseconds > 0 {
            return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
        }
        return "0s"
    }
}
