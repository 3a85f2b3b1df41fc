import Foundation
import Glibc
import TestKit
import Testing

extension LiveSuites {
    /// Names that a runtime writes itself, and files that only look like it.
    @Suite(.serialized) struct PerfMapTests {
        private static let script = """
            function burnJavaScript(n) { let x = 1; for (let i = 0; i < n; i++) x = (x * 31 + i) % 1000003; return x; }
            require('fs').writeSync(1, 'ready pid=' + process.pid + '\\n');
            const end = Date.now() + SECONDS * 1000;
            let sum = 0;
            while (Date.now() < end) sum += burnJavaScript(100000);
            """

        private static func node(_ arguments: [String], seconds: Double) throws -> RunningProgram? {
            guard case .success(let path) = ExternalTool.find("node") else {
                print("skipped: node is not installed")
                return nil
            }
            let text = script.replacingOccurrences(of: "SECONDS", with: "\(seconds)")
            return try RunningProgram(path, arguments + ["-e", text])
        }

        @Test("functions of JavaScript have the names of node's perf map")
        func javaScript() throws {
            let start = Date()
            let daemon = try TrialDaemon(hertz: 499)
            try daemon.awaitReady()
            // Inlined into its caller, the function would have no entry of its own in the map.
            let folder = try TemporaryDirectory()
            let log = "--logfile=\(folder.appending("v8.log"))"
            let options = ["--perf-basic-prof", "--max-inlined-bytecode-size=0", log]
            guard let running = try Self.node(options, seconds: 3) else { return }
            defer { _ = unsafe unlink("/tmp/perf-\(running.pid).map") }
            _ = try running.waitForEnd()
            let folded = try daemon.folded("pid:\(running.pid)", since: start)
            let all = folded.stacks.reduce(0) { $0 + $1.weight }
            let own = folded.stacks.filter { $0.frames.contains { $0.contains("burnJavaScript") } }
            let share = own.reduce(0) { $0 + $1.weight } / max(all, 1)
            #expect(share > 0.8, "\(folded.stacks.sorted { $0.weight > $1.weight }.prefix(5))")
        }

        @Test("what is no map of the process is counted and gives no name", arguments: ["fifo", "foreign", "symlink"])
        func hostile(_ kind: String) throws {
            let start = Date()
            let daemon = try TrialDaemon(hertz: 499)
            try daemon.awaitReady()
            guard getuid() == 0, let running = try Self.node([], seconds: 2) else { return }
            let folder = try TemporaryDirectory()
            let map = "/tmp/perf-\(running.pid).map"
            defer { _ = unsafe unlink(map) }
            let content = Array("1000 7ffffffff000 evil_name\n".utf8)
            switch kind {
            case "fifo": #expect(unsafe mkfifo(map, 0o666) == 0)
            case "symlink": #expect(unsafe symlink(try folder.write(content, to: "map"), map) == 0)
            default:
                _ = try Command.output("cp", [try folder.write(content, to: "map"), map])
                #expect(unsafe chown(map, 12345, 12345) == 0)
            }
            _ = try running.waitForEnd()
            let folded = try daemon.folded("pid:\(running.pid)", since: start)
            #expect(!folded.stacks.isEmpty && !folded.contains("evil_name"), "\(folded.stacks.prefix(3))")
            #expect(try daemon.unnamed("jit") > 100, "the reason is counted")
            #expect(try daemon.get("/healthz").status == 200)
        }
    }
}
