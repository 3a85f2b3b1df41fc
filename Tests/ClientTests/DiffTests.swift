import Foundation
import Testing

@Suite(.timeLimit(.minutes(2)))
struct DiffTests {
    let server: AnsweringServer
    let folder: TemporaryFolder
    init() throws {
        server = try AnsweringServer()
        folder = try TemporaryFolder()
    }

    func diff(_ arguments: String...) throws -> HearthProgram.Outcome {
        try HearthProgram.run(["diff"] + arguments + ["--server", server.address], folder: folder.path)
    }

    @Test func theTableShowsWhatIsMoreThanNoise() throws {
        let outcome = try diff("web.service", "--base", "-10m..-5m", "--to", "5m")
        #expect(outcome.status == 0)
        #expect(
            outcome.out == """
                base  web.service · B to C · 300 s · 0.500 CPUs · 900 samples, 1 lost
                to    web.service · C to D · 300 s · 0.750 CPUs · 950 samples, 2 lost

                  SELF   CHANGE             95 %   TOTAL   CHANGE             95 %  FUNCTION  MODULE
                0.3000  +0.2000  +0.1500…+0.2500  0.4000  +0.2000  +0.1500…+0.2500  hot_loop  app
                0.0000  -0.1000  -0.1200…-0.0800  0.0000  -0.1000  -0.1200…-0.0800  evil\u{FFFD}[2J  app

                1 more differ; --all and -n show them

                """)
        let all = try diff("web.service", "--all")
        #expect(all.out.contains("maybe") && !all.out.contains("more differ"))
        #expect(try diff("web.service", "--json").out.hasPrefix("{"))
    }

    @Test func noChange() throws {
        let outcome = try diff("same")
        #expect(outcome.status == 0 && outcome.out.contains("No function changed by more than noise does."))
    }

    @Test func noSamplesAreUndecided() throws {
        let outcome = try diff("idle")
        #expect(outcome.status == 4 && outcome.error.contains("no samples to compare"))
        #expect(try diff("status-404").status == 1)
        #expect(try diff("status-400").status == 2)
    }

    @Test func filesAndParameters() throws {
        let outcome = try diff(
            "new", "--base", "-10m..-5m", "--to", "2026-01-31T12:00:00Z..now", "--base-target", "old", "--normalize",
            "total", "--thread", "w*", "-o", "a.svg")
        #expect(outcome.status == 0)
        let content = try String(contentsOfFile: folder.path + "/a.svg", encoding: .utf8)
        #expect(
            content == "/api/v1/diff?target=new&kind=cpu&format=svg&base_target=old&base=-10m..-5m"
                + "&to=2026-01-31T12%3A00%3A00Z..now&normalize=total&thread=w%2A")
        #expect(try diff("new", "-o", "-").out.contains("format=folded"))
        #expect(try diff("new", "-o", "a.pb.gz").status == 0)
    }

    @Test(arguments: [
        ["diff"], ["diff", "a.pb.gz", "b.pb.gz", "--base", "5m"], ["diff", "all", "--normalize", "both"],
        ["diff", "all", "-o", "x.pdf"], ["diff", "all", "--format", "svg"], ["diff", "pid:x"],
        ["diff", "all", "-n", "0"],
        ["diff", "all", "--json", "-o", "a.svg"],
    ])
    func misuseIsTwo(_ arguments: [String]) throws {
        let outcome = try HearthProgram.run(arguments, environment: ["HEARTH_SERVER": server.address])
        #expect(outcome.status == 2 && !outcome.error.isEmpty)
    }
}

/// Two files, compared by the engine beside the client; no daemon is there.
@Suite(.timeLimit(.minutes(2)))
struct DiffFileTests {
    let folder: TemporaryFolder
    init() throws {
        folder = try TemporaryFolder()
        try write("a.pb.gz", ["steady": 400, "gone": 100], seconds: 10)
        try write("b.pb.gz", ["steady": 800, "new": 300], seconds: 20)
    }

    private func write(_ name: String, _ samples: [String: Int], seconds: Int) throws {
        try Data(MinimalProfile(samples: samples, seconds: seconds).bytes).write(
            to: URL(filePath: folder.path + "/" + name))
    }

    func diff(_ arguments: String...) throws -> HearthProgram.Outcome {
        try HearthProgram.run(
            ["diff"] + arguments, environment: ["HEARTH_SERVER": "http://127.0.0.1:1"], folder: folder.path)
    }

    @Test func table() throws {
        let outcome = try diff("a.pb.gz", "b.pb.gz")
        #expect(outcome.status == 0, "\(outcome.error)")
        let lines = outcome.out.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        // 10 ms a sample: 300 in 20 s, 100 in 10 s.
        #expect(lines.contains { $0.first == "0.1500" && $0.dropFirst().first == "+0.1500" && $0.contains("new") })
        #expect(lines.contains { $0.first == "0.0000" && $0.dropFirst().first == "-0.1000" && $0.contains("gone") })
        #expect(!outcome.out.contains("steady"), "per second it did the same")
        let shares = try diff("a.pb.gz", "b.pb.gz", "--normalize", "total", "--all")
        #expect(shares.out.contains("steady"))
    }

    @Test func formats() throws {
        let same = try diff("a.pb.gz", "a.pb.gz")
        #expect(same.status == 0 && same.out.contains("No function changed"))
        #expect(try diff("a.pb.gz", "b.pb.gz", "-o", "-").out.contains("main;gone 2000000 0\n"))
        for name in ["d.svg", "d.html", "d.folded", "d.pb.gz", "d.speedscope.json"] {
            #expect(try diff("a.pb.gz", "b.pb.gz", "-o", name).status == 0)
            #expect(folder.names.contains(name))
        }
        let only = try diff("a.pb.gz", "b.pb.gz", "--function", "new", "-o", "-")
        #expect(only.out == "main;new 0 3000000\n")
    }

    @Test func whatIsNoProfileIsSaid() throws {
        try Data("hello".utf8).write(to: URL(filePath: folder.path + "/text"))
        try write("none.pb.gz", [:], seconds: 10)
        try write("untimed.pb.gz", ["steady": 5], seconds: 0)
        let text = try diff("a.pb.gz", "text")
        #expect(text.status == 5 && text.error.contains("text: no profile"), "\(text)")
        #expect(try diff("a.pb.gz", "missing").error.contains("missing: No such file"))
        #expect(try diff("none.pb.gz", "none.pb.gz").status == 4)
        #expect(try diff("a.pb.gz", "untimed.pb.gz", "--normalize", "time").status == 4)
        #expect(try diff("a.pb.gz", "untimed.pb.gz").status == 0)
        // The difference itself is no profile.
        #expect(try diff("a.pb.gz", "b.pb.gz", "-o", "d.pb.gz").status == 0)
        #expect(try diff("a.pb.gz", "d.pb.gz").error.contains("already a difference"))
    }
}

/// `perftools.profiles.Profile` by hand: functions called by main, at 100 Hz.
struct MinimalProfile {
    private(set) var bytes: [UInt8] = []

    init(samples: [String: Int], seconds: Int) {
        let names = ["main"] + samples.keys.sorted()
        let strings = ["", "samples", "count", "cpu", "nanoseconds"] + names
        field(1, Self.message([(1, 1), (2, 2)]))
        field(1, Self.message([(1, 3), (2, 4)]))
        for (index, name) in names.enumerated() {
            if let count = samples[name] {
                field(2, Self.message([(1, index + 1), (1, 1), (2, count), (2, count * 10_000_000)]))
            }
            field(5, Self.message([(1, index + 1), (2, index + 5)]))
            var location = MinimalProfile.message([(1, index + 1), (3, index)])
            let line = Self.message([(1, index + 1)])
            location += [4 << 3 | 2, UInt8(line.count)] + line
            field(4, location)
        }
        for text in strings { field(6, Array(text.utf8)) }
        bytes += Self.message([(9, 1_790_000_000_000_000_000), (10, seconds * 1_000_000_000)])
        field(11, Self.message([(1, 3), (2, 4)]))
        bytes += Self.message([(12, 10_000_000)])
    }

    private mutating func field(_ number: UInt8, _ content: [UInt8]) {
        bytes += [number << 3 | 2] + Self.varint(content.count) + content
    }

    private static func message(_ fields: [(number: UInt8, value: Int)]) -> [UInt8] {
        fields.flatMap { [$0.number << 3] + varint($0.value) }
    }

    private static func varint(_ value: Int) -> [UInt8] {
        var rest = UInt64(value)
        var result: [UInt8] = []
        while rest >= 0x80 {
            result.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        return result + [UInt8(rest)]
    }
}
