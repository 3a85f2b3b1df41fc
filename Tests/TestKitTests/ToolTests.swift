import TestKit
import Testing

@Suite struct ToolTests {
    @Test("Wilson's interval has the values of its formula")
    func interval() {
        let half = BinomialInterval(hits: 50, count: 100)
        #expect(abs(half.lower - 0.37528) < 0.0001 && abs(half.upper - 0.62472) < 0.0001)
        let none = BinomialInterval(hits: 0, count: 100)
        #expect(none.lower == 0 && abs(none.upper - 0.06222) < 0.0001)
        #expect(BinomialInterval(hits: 0, count: 0) == BinomialInterval(hits: 5, count: 0))
    }

    @Test("two points, or the interval where it is wider")
    func tolerance() {
        #expect(Tolerance.agrees(measured: 0.519, truth: 0.50, samples: 1_000_000))
        #expect(!Tolerance.agrees(measured: 0.525, truth: 0.50, samples: 1_000_000))
        #expect(Tolerance.agrees(measured: 0.56, truth: 0.50, samples: 100))
        #expect(!Tolerance.agrees(measured: 0.66, truth: 0.50, samples: 100))
        let wrong = Tolerance.disagreements(
            measured: ["work_a": 0.5], truth: ["work_a": 0.5, "work_b": 0.35], samples: 5000)
        #expect(wrong.count == 1 && wrong[0].hasPrefix("work_b"))
    }

    @Test("commands give status, output and errors, and end at their limit")
    func commands() throws {
        let result = try Command.run(
            "/bin/sh", ["-c", "cat; echo $HEARTH_X >&2; exit 3"], input: [104, 105], environment: ["HEARTH_X": "e"])
        #expect(result.status == 3 && result.output == "hi" && result.errors == "e\n")
        #expect(try Command.run("/bin/sh", ["-c", "kill -TERM $$"]).status == 143)
        #expect(try Command.run("/bin/pwd", directory: "/usr").output == "/usr\n")
        #expect(throws: CommandFailure.self) { try Command.run("/bin/sleep", ["60"], limit: 0.2) }
        #expect(throws: (any Error).self) { try Command.run("/no/such/program") }
    }

    @Test("a large output does not block the child")
    func largeOutput() throws {
        let result = try Command.run("/usr/bin/head", ["-c", "3000000", "/dev/zero"])
        #expect(result.bytes.count == 3_000_000)
    }

    @Test("a missing tool says so")
    func missing() {
        #expect(throws: Unavailable.self) { try ExternalTool.find("no-such-tool-anywhere").get() }
        #expect(throws: Never.self) { try ExternalTool.find("sh").get() }
    }

    @Test("a temporary folder goes with everything in it, links included")
    func temporary() throws {
        var folder: TemporaryDirectory? = try TemporaryDirectory()
        let path = try #require(folder?.path)
        try folder?.write([1, 2, 3], to: "a")
        _ = try Command.run(
            "/bin/sh", ["-c", "mkdir -p \(path)/x/y && ln -s /usr \(path)/x/link && cat \(path)/a > \(path)/x/y/b"])
        #expect(try Command.run("/bin/ls", [path + "/x/y"]).output == "b\n")
        folder = nil
        #expect(try Command.run("/bin/ls", [path]).status == 2)
        #expect(try Command.run("/bin/ls", ["/usr/bin/env"]).status == 0)
    }

    @Test("a program that says something else than ready is an error")
    func notReady() {
        #expect(throws: CommandFailure.self) { try RunningProgram("/bin/echo", ["hello"]) }
    }
}
