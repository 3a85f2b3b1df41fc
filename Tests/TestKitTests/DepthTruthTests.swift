import TestKit
import Testing

/// A program, how it is started, and the frames that its stack must have.
struct DepthCase: Sendable, CustomTestStringConvertible {
    var program: KnownProgram
    var depth: Int
    var mode: [String] = []

    var testDescription: String { "\(program) depth \(depth) \(mode.joined(separator: " "))" }

    static let all: [DepthCase] = [
        DepthCase(program: .plainC, depth: 0),
        DepthCase(program: .plainC, depth: 128),
        DepthCase(program: .plainC, depth: 10, mode: ["--signal"]),
        DepthCase(program: .plainC, depth: 10, mode: ["--dlopen"]),
        DepthCase(program: .plainC, depth: 10, mode: ["--period-ns", "10101010"]),
        DepthCase(program: .staticC, depth: 100),
        DepthCase(program: .staticPie, depth: 30),
        DepthCase(program: .staticC, depth: 10, mode: ["--signal"]),
        DepthCase(program: .musl, depth: 30),
        DepthCase(program: .rust, depth: 30),
        DepthCase(program: .swift, depth: 30),
        DepthCase(program: .go, depth: 30),
    ]
}

@Suite(.serialized) struct DepthTruthTests {
    @Test("gdb counts exactly the promised frames", arguments: DepthCase.all)
    func depth(_ given: DepthCase) throws {
        guard let built = try given.program.builtOrSkipped() else { return }
        let mode = given.mode == ["--dlopen"] ? ["--dlopen", built.pluginPath ?? ""] : given.mode
        let running = try built.start(["--seconds", "60", "--depth", "\(given.depth)"] + mode)
        let chain = given.program.chain(
            depth: given.depth, signal: mode == ["--signal"], plugin: mode.first == "--dlopen",
            lockstep: mode.first == "--period-ns")
        let frames = try stackInWork(of: running.pid)
        let crossings = frames.count { $0.contains("signal handler called") }
        #expect(crossings == (mode == ["--signal"] ? 1 : 0))
        // The Rust program reaches work_b through a generic function and a closure.
        let seen = frames.filter { !$0.contains("signal handler called") && !$0.contains("::apply::") }
        let below = Array(seen.dropFirst().prefix(chain.count).reversed())
        #expect(below.count == chain.count)
        for (name, frame) in zip(chain, below) {
            #expect(given.program.language == .c ? frame == name : frame.contains(name), "\(frames)")
        }
        let above = seen.dropFirst(chain.count + 1)
        #expect(above.contains { $0.contains("main") }, "\(frames)")
        #expect(!above.contains { frame in frame.contains("descend") || chain.contains(frame) }, "\(frames)")
    }

    @Test("C++ descends as deep as promised, whichever function works")
    func cxx() throws {
        guard let built = try KnownProgram.cxx.builtOrSkipped() else { return }
        let running = try built.start(["--seconds", "60", "--depth", "20"])
        let frames = try stackInWork(of: running.pid)
        #expect(frames.count { $0.hasPrefix("hearth::descend") } == 21, "\(frames)")
        #expect(frames.suffix(2).first?.hasPrefix("hearth::burn") == true && frames.last == "main", "\(frames)")
    }

    @Test("another thread has the same chain below its own start")
    func secondThread() throws {
        guard let built = try KnownProgram.plainC.builtOrSkipped() else { return }
        let running = try built.start(["--seconds", "60", "--depth", "12", "--threads", "2"])
        let frames = try stackInWork(of: running.pid, thread: 2)
        let chain = Array(built.program.chain(depth: 12).reversed())
        #expect(Array(frames.dropFirst().prefix(chain.count)) == chain, "\(frames)")
        #expect(frames.dropFirst(chain.count + 1).first == "thread_body", "\(frames)")
    }

    /// Frames of a thread by gdb's number, innermost first, at a moment when it is in one of the work functions.
    private func stackInWork(of pid: Int32, thread: Int = 1) throws -> [String] {
        for _ in 0..<10 {
            let listing = try Command.output(
                "gdb",
                [
                    "-nx", "-batch", "-iex", "set debuginfod enabled off", "-p", "\(pid)", "-ex",
                    "set print frame-arguments none",
                ]
                    + ["-ex", "thread \(thread)", "-ex", "bt"])
            let frames = listing.split(separator: "\n").filter { $0.hasPrefix("#") }.map(name)
            // gdb prints the innermost frame at attach and at `thread` too: the backtrace starts at the last #0.
            let start = listing.split(separator: "\n").filter { $0.hasPrefix("#") }.lastIndex { $0.hasPrefix("#0 ") }
            let stack = Array(frames[(start ?? 0)...])
            if stack.first?.contains("work_") == true { return stack }
        }
        throw CommandFailure(description: "gdb never saw pid \(pid) in its work")
    }

    /// `#3  0x000… in name (…)` or `#0  name (…)`.
    private func name(_ line: Substring) -> String {
        let fields = line.split(separator: " ", omittingEmptySubsequences: true)
        if line.contains("<signal handler called>") { return "<signal handler called>" }
        let start = fields.firstIndex(of: "in").map { $0 + 1 } ?? 1
        return fields.indices.contains(start) ? String(fields[start]) : ""
    }
}
