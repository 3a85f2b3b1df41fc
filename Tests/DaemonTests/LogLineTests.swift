import Glibc
import Logging
import Testing

@testable import hearthd

struct LogLineTests {
    /// Seconds of known dates: the epoch, a leap day, the last second of a century's leap year.
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.042Z"), (951_782_400, "2000-02-29T00:00:00.042Z"),
        (978_307_199, "2000-12-31T23:59:59.042Z"), (1_795_228_014, "2026-11-21T02:26:54.042Z"),
        (4_107_542_400, "2100-03-01T00:00:00.042Z"),
    ])
    func times(seconds: Int, expected: String) {
        let line = LogLine.render(
            .info, "m", [:], format: .text, now: timespec(tv_sec: seconds, tv_nsec: 42_999_999))
        #expect(line == "\(expected) info     m\n")
    }

    @Test func oneEventIsOneLine() {
        let line = LogLine.render(
            .warning, "a\nb\u{1B}[31m", ["path": "/x y", "n": "1", "q": "say \"hi\"", "e": ""], format: .journal)
        #expect(line == "<4>a\\nb\\u{1b}[31m e=\"\" n=1 path=\"/x y\" q=\"say \\\"hi\\\"\"\n")
    }

    @Test func longValuesAreCut() {
        let line = LogLine.render(.error, String(repeating: "x", count: 1 << 20), [:], format: .journal)
        #expect(line.utf8.count < LogLine.maximumBytes + 16)
    }

    @Test func prioritiesAreThoseOfSyslog() {
        #expect(Logger.Level.allCases.map(LogLine.priority) == [7, 7, 6, 5, 4, 3, 2])
    }

    @Test func thresholdIsSharedAndCanBeOverridden() {
        let threshold = LogThreshold(.info)
        let first = JournalLogHandler(label: "a", threshold: threshold)
        var second = JournalLogHandler(label: "b", threshold: threshold)
        threshold.set(.debug)
        #expect(first.logLevel == .debug && second.logLevel == .debug)
        second.logLevel = .error
        threshold.set(.notice)
        #expect(first.logLevel == .notice && second.logLevel == .error)
    }
}
