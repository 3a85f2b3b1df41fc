import Model

/// Which window a request is about, in nanoseconds since the Unix epoch.
enum Window: Equatable, Sendable {
    /// What is already stored.
    case history(from: Int64, to: Int64)
    /// From now on.
    case recording(from: Int64, to: Int64)

    /// Parameters that choose a window.
    static let parameters = ["seconds", "last", "from", "to"]
    /// Longest recording in seconds.
    static let longestRecording: Int64 = 3_600
    /// Length of a slot of the store; where the seconds begin shows in the end of any slot.
    private static let slot = Timestamp.second
    /// Bounds of slots come from two clocks and differ by fractions of a microsecond from one look to the next, so
    /// that windows keep this far inside of the bounds that they mean; else a slot too many overlaps.
    static let slack: Int64 = 5_000_000

    /// What a request asks for.
    ///
    /// - Parameters:
    ///   - fallback: the window when none is asked for.
    ///   - newest: end of the last closed slot, 0 before the first one.
    /// - Throws: a refusal that names the parameter.
    static func parse(
        _ parameters: Parameters, fallback: Fallback, now: Int64, newest: Int64
    ) throws(Refusal) -> Window {
        let last = parameters["last"] ?? parameters["window"]
        let given = [parameters["seconds"], last, parameters["from"] ?? parameters["to"]].filter { $0 != nil }
        guard given.count <= 1 else {
            throw Refusal(400, "more than one window", hint: "give either seconds=, or last=, or from= and to=")
        }
        let end = newest > 0 ? newest : now
        if let seconds = parameters["seconds"] { return recording(try parseSeconds(seconds), now: now, newest: newest) }
        if let last { return history(of: try parseLast(last), before: end) }
        if parameters["from"] != nil || parameters["to"] != nil { return try parseBounds(parameters, now: now) }
        switch fallback {
        case .last(let length): return history(of: length, before: end)
        case .recording(let seconds): return recording(seconds, now: now, newest: newest)
        }
    }

    /// What a path answers when no window is asked for.
    enum Fallback: Sendable {
        case last(Int64)
        case recording(Int64)
    }

    /// From the slot boundary nearest to now. `go tool pprof` waits 1.5 times the seconds, so that a recording of
    /// one or two must not begin later than now.
    private static func recording(_ seconds: Int64, now: Int64, newest: Int64) -> Window {
        let floor = newest + Timestamp.floorDivide(now - newest, slot) * slot
        let start = seconds > 2 && now - floor >= slot / 2 ? floor + slot : floor
        return .recording(from: start + slack, to: start + seconds * slot - slack)
    }

    private static func history(of length: Int64, before end: Int64) -> Window {
        .history(from: min(end - length + slack, end - 1), to: end)
    }

    private static func parseSeconds(_ text: String) throws(Refusal) -> Int64 {
        guard let seconds = Int64(text), (1...longestRecording).contains(seconds) else {
            throw Refusal(
                400, "seconds='\(Shown.text(text))' is not a whole number from 1 to \(longestRecording)",
                hint: "for example seconds=10")
        }
        return seconds
    }

    private static func parseLast(_ text: String) throws(Refusal) -> Int64 {
        guard let length = TimeSpan.parse(text), length > 0, length <= 3_660 * 86_400 * Timestamp.second else {
            throw Refusal(400, "'\(Shown.text(text))' is not a length of time", hint: "for example 10s, 5m or 24h")
        }
        return length
    }

    private static func parseBounds(_ parameters: Parameters, now: Int64) throws(Refusal) -> Window {
        guard let fromText = parameters["from"] else {
            throw Refusal(400, "to= without from=", hint: "for example from=-5m&to=-1m")
        }
        let from = try parseTime(fromText, now: now)
        let to = try parameters["to"].map { text throws(Refusal) in try parseTime(text, now: now) } ?? now
        guard from < to else {
            throw Refusal(400, "from= is not before to=", hint: "for example from=-5m&to=-1m")
        }
        return .history(from: from, to: to)
    }

    /// A window in one value: `FROM..TO`, or a length of time before the end of the newest slot.
    static func parseRange(_ text: String, now: Int64, newest: Int64) throws(Refusal) -> (from: Int64, to: Int64) {
        guard let dots = text.utf8.firstRange(of: "..".utf8) else {
            let end = newest > 0 ? newest : now
            return (min(end - (try parseLast(text)) + slack, end - 1), end)
        }
        let from = try parseTime(String(text[..<dots.lowerBound]), now: now)
        let to = try parseTime(String(text[dots.upperBound...]), now: now)
        guard from < to else {
            throw Refusal(400, "'\(Shown.text(text))' ends before it begins", hint: "for example -10m..-5m")
        }
        return (from, to)
    }

    /// RFC 3339, seconds since the Unix epoch with a fraction or without, `now`, or a length of time before now: `-5m`.
    static func parseTime(_ text: String, now: Int64) throws(Refusal) -> Int64 {
        if text == "now" { return now }
        if text.hasPrefix("-"), let length = TimeSpan.parse(String(text.dropFirst())), length < now {
            return now - length
        }
        if let time = Timestamp.parseUnix(text) { return time }
        if let time = Timestamp.parse(text) { return time }
        throw Refusal(
            400, "'\(Shown.text(text))' is not a time",
            hint: "use RFC 3339 (2026-01-31T12:00:00Z), seconds since the Unix epoch, or -5m for five minutes ago")
    }
}
