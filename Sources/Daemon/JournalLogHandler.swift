import Glibc
import Logging
import Synchronization

/// How lines of the log look.
enum LogFormat: String, Sendable, CaseIterable {
    /// The journal's when stderr is connected to it, else text.
    case auto
    /// `<6>message key=value`: sd-daemon(3), the journal adds the time.
    case journal
    /// `2026-01-31T12:00:00.000Z info message key=value`.
    case text

    /// The format to write: never ``auto``.
    var resolved: LogFormat {
        if self != .auto { return self }
        return Self.stderrIsJournal() ? .journal : .text
    }

    /// Whether `JOURNAL_STREAM` names the device and inode of stderr (systemd.exec(5)): a child that redirected its
    /// stderr inherits the variable as well.
    private static func stderrIsJournal() -> Bool {
        // SAFETY: the string is copied before anything else can change the environment.
        guard let stream = unsafe getenv("JOURNAL_STREAM").map({ unsafe String(cString: $0) }) else { return false }
        var status = stat()
        // SAFETY: the struct outlives the call, which fills it.
        guard unsafe fstat(STDERR_FILENO, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }
}

/// The least important level that is written, shared by all loggers so that a reload changes them all.
final class LogThreshold: Sendable {
    private let level: Mutex<Logger.Level>

    init(_ level: Logger.Level) { self.level = Mutex(level) }

    /// Changes what is written from now on.
    func set(_ new: Logger.Level) { level.withLock { $0 = new } }

    var current: Logger.Level { level.withLock { $0 } }
}

/// Writes each event as one line to stderr with one call, so that lines of threads do not mix.
struct JournalLogHandler: LogHandler {
    let label: String
    /// Shared; ``logLevel`` of a logger overrides it for that logger alone.
    let threshold: LogThreshold
    let format: LogFormat
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private var override: Logger.Level?

    init(label: String, threshold: LogThreshold, format: LogFormat = .auto) {
        self.label = label
        self.threshold = threshold
        self.format = format.resolved
    }

    var logLevel: Logger.Level {
        get { override ?? threshold.current }
        set { override = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let own = event.metadata { all.merge(own) { _, new in new } }
        if let error = event.error { all["error"] = "\(error)" }
        StandardError.write(LogLine.render(event.level, event.message.description, all, format: format))
    }
}

/// The text of one line.
enum LogLine {
    /// A message or value is cut here: names of targets are in it.
    static let maximumBytes = 4096

    /// The line with its end; keys in alphabetical order.
    static func render(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, format: LogFormat, now: timespec? = nil
    ) -> String {
        var line =
            format == .journal ? "<\(priority(level))>" : "\(timestamp(now ?? wallClock())) \(padded(level)) "
        line += escaped(message)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(quoted("\(value)"))" }
        return line + "\n"
    }

    /// Numbers of syslog(3).
    static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    private static func padded(_ level: Logger.Level) -> String {
        let name = level.rawValue
        return name + String(repeating: " ", count: max(0, 8 - name.utf8.count))
    }

    /// Control characters become escapes: one event is one line, and a terminal obeys none of it.
    private static func escaped(_ text: String) -> String {
        var result = ""
        var bytes = 0
        for scalar in text.unicodeScalars {
            bytes += UTF8.width(scalar)
            if bytes > maximumBytes { return result + "…" }
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func quoted(_ value: String) -> String {
        let text = escaped(value)
        if !text.isEmpty, !text.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"") + "\""
    }

    private static func wallClock() -> timespec {
        var time = timespec()
        // SAFETY: the struct outlives the call, which fills it.
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return time
    }

    /// RFC 3339 in UTC with milliseconds. The date by Howard Hinnant's days-to-civil formula, for years from 1970:
    /// years begin in March, so that the leap day is the last of one.
    private static func timestamp(_ time: timespec) -> String {
        let days = time.tv_sec / 86_400 + 719_468
        let (era, ofEra) = days.quotientAndRemainder(dividingBy: 146_097)
        let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let shifted = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * shifted + 2) / 5 + 1
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let second = time.tv_sec % 86_400
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let milliseconds = String(1000 + time.tv_nsec / 1_000_000).dropFirst()
        return "\(era * 400 + year + (month <= 2 ? 1 : 0))-\(two(month))-\(two(day))"
            + "T\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60)).\(milliseconds)Z"
    }
}
