import Foundation
import Testing

@Suite(.timeLimit(.minutes(2)))
struct CommandTests {
    let server: AnsweringServer
    init() throws { server = try AnsweringServer() }

    func hearth(_ arguments: String..., environment: [String: String] = [:]) throws -> HearthProgram.Outcome {
        try HearthProgram.run(
            arguments + ["--server", server.address], environment: environment)
    }

    @Test func targetsAreATable() throws {
        let outcome = try hearth("targets")
        #expect(outcome.status == 0)
        #expect(
            outcome.out == """
                TARGET       PROCS  RUNTIME       CPU      RSS     HZ  COMPLETE
                web.service      3  python 3.11  1.25  3.0 MiB  123.8     99.9%
                evil\u{FFFD}[2J\u{FFFD}        1  -            0.00        -    0.0         -

                """)
        #expect(outcome.error.isEmpty)
    }

    @Test func jsonIsTheAnswerItself() throws {
        let outcome = try hearth("targets", "--json")
        let value = try JSONSerialization.jsonObject(with: outcome.bytes) as? [String: Any]
        #expect((value?["targets"] as? [Any])?.count == 2)
    }

    @Test func topOnce() throws {
        let outcome = try hearth("top", "web.service", "--once", "--window", "5m")
        #expect(outcome.status == 0)
        #expect(
            outcome.out == """
                web.service · cpu · 10 s · 1.00 CPUs · 900 samples, 1 lost, 2 truncated, 3 broken, 4 unnamed

                 SELF          TOTAL          FUNCTION  MODULE
                50.0%  5.00 s  75.0%  7.50 s  hot_loop  app

                """)
    }

    @Test func topWithoutSamplesIsUndecided() throws {
        let outcome = try hearth("top", "idle", "--once")
        #expect(outcome.status == 4)
        #expect(outcome.error.contains("no sample of idle"))
    }

    @Test(arguments: [(400, 2), (401, 3), (403, 3), (404, 1), (429, 5), (500, 5), (503, 4)] as [(Int, Int32)])
    func statusOfHTTPBecomesExitStatus(code: Int, expected: Int32) throws {
        let outcome = try hearth("top", "status-\(code)", "--once")
        #expect(outcome.status == expected)
        #expect(outcome.error == "hearth: hearthd: the error\u{FFFD}[31m (\(code))\n  the hint\n")
    }

    @Test func brokenAnswers() throws {
        #expect(try hearth("top", "cut", "--once").status == 3)
        let outcome = try hearth("top", "not-json", "--once")
        #expect(outcome.status == 5)
        #expect(outcome.error.contains("something else than JSON"))
    }

    @Test(arguments: [
        ["flame"], ["flame", "pid:x", "-o", "a.svg"], ["flame", "all", "-o", "a.pdf"],
        ["flame", "all", "--seconds", "0"],
        ["flame", "all", "--seconds", "5", "--last", "5m"], ["flame", "all", "--to", "now"], ["nonsense"],
        ["flame", "all", "--pid", "0"], ["top", "--function", ""],
        ["targets", "--color", "blue"], ["top", "-n", "0"], ["top", "--sort", "name"], ["record"],
        ["record", "-p", "1", "--", "ls"], ["record", "-o", "x.pdf", "--", "ls"], ["targets", "--server", "ftp://x"],
        ["targets", "--server", "unix:relative"],
    ])
    func misuseIsTwo(arguments: [String]) throws {
        let outcome = try HearthProgram.run(arguments, environment: ["HEARTH_SERVER": server.address])
        #expect(outcome.status == 2)
        #expect(!outcome.error.isEmpty && outcome.out.isEmpty)
    }

    @Test func helpAndVersion() throws {
        for arguments in [["--help"], ["flame", "--help"], ["--version"], ["help", "top"]] {
            let outcome = try HearthProgram.run(arguments)
            #expect(outcome.status == 0 && !outcome.out.isEmpty && outcome.error.isEmpty)
        }
    }

    @Test func colourOnlyWhenAskedFor() throws {
        #expect(try hearth("targets", "--color", "always").out.hasPrefix("\u{1B}[1mTARGET"))
        let quiet = ["NO_COLOR": "1", "TERM": "xterm"]
        #expect(try !hearth("targets", environment: quiet).out.contains("\u{1B}"))
    }

    /// A proxy in the environment is not for a daemon on this machine.
    @Test func proxiesAreLeftOut() throws {
        let proxy = ["http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"]
        #expect(try hearth("targets", environment: proxy).status == 0)
    }

    /// A real terminal: another screen is drawn on, and q brings the old one back.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script")))
    func liveTop() throws {
        let outcome = try HearthProgram.run(
            ["-qfec", "\(HearthProgram.path) top web.service --server \(server.address)", "/dev/null"],
            environment: ["TERM": "xterm"], program: "/usr/bin/script", input: "q")
        #expect(outcome.status == 0)
        #expect(outcome.out.contains("\u{1B}[?1049h"))
        #expect(outcome.out.contains("\u{1B}[?1049l"))
    }
}
