import Foundation
import Glibc
import TestKit
import Testing

extension LiveSuites {
    /// Programs of others, and our own client, read the real daemon.
    @Suite(.serialized) struct ReaderTests {
        /// One daemon for all of them, with a loopback port, and one program that it sees at work.
        private struct Stage: Sendable {
            let daemon: TrialDaemon
            let program: RunningProgram
            let port: Int
        }

        private static let shared = Result {
            let daemon = try TrialDaemon(listen: ["127.0.0.1:0"], hertz: 499)
            let program = try KnownProgram.plainC.build().start(["--seconds", "900", "--depth", "3"])
            try daemon.awaitReady()
            try daemon.wait(for: "the program's samples") { try daemon.targets()["split-c"] != nil }
            return Stage(daemon: daemon, program: program, port: try daemon.port())
        }

        private static func tool(_ name: String) -> String? {
            switch ExternalTool.find(name) {
            case .success(let path): return path
            case .failure(let reason):
                print("skipped: \(reason)")
                return nil
            }
        }

        @Test("go tool pprof and /api/v1/hot agree about the same window")
        func pprofTop() throws {
            guard let go = Self.tool("go") else { return }
            let stage = try Self.shared.get()
            let folder = try TemporaryDirectory()
            let recorded = try Command.run(
                go,
                [
                    "tool", "pprof", "-top", "-nodecount=100000", "-nodefraction=0", "-edgefraction=0", "-unit=ns",
                    "-output=\(folder.appending("top"))",
                    "http://127.0.0.1:\(stage.port)/debug/pprof/profile?seconds=3&target=split-c",
                ], environment: ["PPROF_TMPDIR": folder.path])
            #expect(recorded.status == 0, "\(recorded.errors)")
            let text = String(
                decoding: try Data(contentsOf: URL(fileURLWithPath: folder.appending("top"))), as: UTF8.self)
            let saved = try #require(
                try FileManager.default.contentsOfDirectory(atPath: folder.path).first { $0.hasSuffix(".pb.gz") })
            let raw = try Command.run(go, ["tool", "pprof", "-raw", folder.appending(saved)]).output
            let start = try #require(raw.firstMatch(of: /Time: (\S+ \S+ \S+)/).map { String($0.1) })
            let duration = try #require(raw.firstMatch(of: /Duration: ([0-9.]+)/).flatMap { Double($0.1) })
            #expect(abs(duration - 3) < 0.1, "\(duration) s")
            let from = try Self.seconds(start)
            // Windows widen to whole slots: stay inside of the first and the last one.
            let hot = try Self.hot(stage.daemon, from: from + 0.005, to: from + duration - 0.005)
            let rows = Self.rows(text)
            #expect(hot.count >= 3)
            for row in hot.prefix(10) {
                let shown = try #require(rows[row.name], "\(row.name) is not in\n\(text)")
                #expect(abs(shown.flat - row.own) <= 1 + row.own * 1e-6, "\(row.name): \(shown.flat) and \(row.own)")
                #expect(abs(shown.total - row.total) <= 1 + row.total * 1e-6, "\(row.name)")
            }
            #expect(Set(hot.prefix(3).map(\.name)) == ["work_a", "work_b", "work_c"], "\(hot.prefix(3))")
        }

        private struct HotRow {
            var name: String
            var own: Double
            var total: Double
        }

        private static func hot(_ daemon: TrialDaemon, from: Double, to: Double) throws -> [HotRow] {
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            let bounds = [from, to].map { Date(timeIntervalSince1970: $0).formatted(style) }
            let query = "target=split-c&n=20&from=\(bounds[0])&to=\(bounds[1])"
            let answer = try daemon.get("/api/v1/hot?\(query)")
            #expect(answer.status == 200, "\(answer.body)")
            let object = try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any]
            return (object?["functions"] as? [[String: Any]] ?? []).map { row in
                func number(_ key: String) -> Double { (row[key] as? NSNumber)?.doubleValue ?? .nan }
                return HotRow(name: row["function"] as? String ?? "", own: number("self"), total: number("total"))
            }
        }

        /// Lines `flat flat% sum% cum cum% name`.
        private static func rows(_ text: String) -> [String: (flat: Double, total: Double)] {
            var rows: [String: (flat: Double, total: Double)] = [:]
            for line in text.split(separator: "\n") {
                let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
                guard fields.count == 6, fields[1].hasSuffix("%") else { continue }
                let numbers = [fields[0], fields[3]].map { Double($0.hasSuffix("ns") ? $0.dropLast(2) : $0) ?? .nan }
                rows[String(fields[5].drop { $0 == " " })] = (numbers[0], numbers[1])
            }
            return rows
        }

        /// `2026-11-21 03:43:09.225 +0000`, as pprof prints it.
        private static func seconds(_ text: String) throws -> Double {
            let output = try Command.output("date", ["-u", "-d", text, "+%s.%N"])
            return try #require(Double(output.split(separator: "\n").first ?? ""))
        }

        @Test("Prometheus scrapes it and rates its samples; promtool finds nothing to say")
        func prometheus() throws {
            guard let program = Self.tool("prometheus"), let promtool = Self.tool("promtool") else { return }
            let stage = try Self.shared.get()
            let metrics = try stage.daemon.get("/metrics").body
            let checked = try Command.run(promtool, ["check", "metrics"], input: Array(metrics.utf8))
            #expect(checked.status == 0 && checked.errors.isEmpty, "\(checked.output)\(checked.errors)")
            let folder = try TemporaryDirectory()
            let configuration = """
                global: {scrape_interval: 1s}
                scrape_configs:
                  - job_name: hearth
                    static_configs: [{targets: ["127.0.0.1:\(stage.port)"]}]
                """
            let file = try folder.write(Array(configuration.utf8), to: "prometheus.yml")
            let port = try FreePort.take()
            let server = try RunningServer(
                program,
                [
                    "--config.file=\(file)", "--storage.tsdb.path=\(folder.path)/data",
                    "--web.listen-address=127.0.0.1:\(port)",
                ], log: folder.appending("log"))
            func value(_ query: String) throws -> Double? {
                let result = try Command.run(
                    try ExternalTool.find("curl").get(),
                    ["-s", "-G", "http://127.0.0.1:\(port)/api/v1/query", "--data-urlencode", "query=\(query)"])
                return result.output.firstMatch(of: /"value":\[[0-9.]+,"([^"]+)"\]/).flatMap { Double($0.1) }
            }
            func poll(_ query: String, _ condition: (Double) -> Bool) throws {
                let deadline = Date().addingTimeInterval(60)
                while true {
                    if let value = try value(query), condition(value) { return }
                    guard Date() < deadline, server.isRunning else {
                        throw CommandFailure(description: "\(query): \(server.log.suffix(2000))")
                    }
                    usleep(100_000)
                }
            }
            try poll("up{job=\"hearth\"}") { $0 == 1 }
            try poll("rate(hearth_samples_total[10s])") { $0 > 0 }
        }

        @Test("a browser shows the targets and the flame graph, and zooms", .enabled(if: WebDriver.isAvailable))
        func browser() throws {
            let stage = try Self.shared.get()
            let browser = try Browser()
            try browser.openPage(port: stage.port, "?target=split-c&window=10s")
            try browser.wait(
                "[...document.querySelectorAll('.list button')].some(b => b.textContent.includes('split-c'))")
            try browser.awaitFrame("work_b")
            #expect(try browser.share("work_b") < 0.6)
            try browser.press(button: "Pause")
            try browser.awaitFrame("work_b")
            try browser.driver.click(at: try browser.place("work_b"))
            #expect(abs(try browser.share("work_b") - 1) < 0.01, "the clicked frame has the full width")
            #expect(try browser.content(".crumbs [aria-current]") == "work_b")
            #expect(try browser.driver.complaints() == [])
        }

        @Test("hearth targets, top and flame read it; their exit codes say what went wrong")
        func client() throws {
            let stage = try Self.shared.get()
            let hearth = LiveDaemon.program("hearth")
            func run(_ arguments: [String], server: String? = nil) throws -> CommandResult {
                try Command.run(hearth, arguments, environment: ["HEARTH_SERVER": server ?? stage.daemon.address])
            }
            let targets = try run(["targets"])
            #expect(targets.status == 0 && targets.output.contains("split-c"), "\(targets)")
            let top = try run(["top", "split-c", "--once"])
            #expect(top.status == 0 && top.output.contains("work_a"), "\(top.output)\(top.errors)")
            let folder = try TemporaryDirectory()
            let signatures = [
                "html": "<!doctype html", "svg": "<svg", "folded": "work_a", "pb.gz": "\u{1f}", "speedscope.json": "{",
            ]
            for (ending, signature) in signatures.sorted(by: { $0.key < $1.key }) {
                let file = folder.appending("x.\(ending)")
                let result = try run(["flame", "all", "--seconds", "2", "-o", file])
                #expect(result.status == 0, "\(ending): \(result.errors)")
                let data = try Data(contentsOf: URL(fileURLWithPath: file))
                let head = String(decoding: data.prefix(1 << 20), as: UTF8.self).lowercased()
                #expect(head.contains(signature), "\(ending): \(head.prefix(80))")
                #expect(ending == "pb.gz" || String(decoding: data, as: UTF8.self).contains("work_a"), "\(ending)")
            }
            let nowhere = try run(["flame", "no-such-target", "--seconds", "2", "-o", folder.appending("y.html")])
            #expect(nowhere.status == 1, "\(nowhere.errors)")
            #expect(try run(["targets"], server: "unix:\(folder.path)/nobody").status == 3)
            #expect(try run(["flame", "all", "-o", "y.unknown"]).status == 2)
            #expect(try run(["no-such-command"]).status == 2)
            let full = try Self.onFullDisk([hearth, "flame", "all", "--server", stage.daemon.address, "--last", "5s"])
            #expect(full.status == 5 && full.errors.contains("the disk is full"), "\(full)")
            #expect(full.output.split(separator: "\n").last == "left: 0", "nothing half-written stays: \(full.output)")
        }

        /// Runs a command whose `-o` lies on a full tmpfs, in a mount namespace of its own.
        private static func onFullDisk(_ command: [String]) throws -> CommandResult {
            let script = """
                d=$(mktemp -d) && mount -t tmpfs -o size=16k none "$d" && head -c 12k /dev/zero > "$d/fill" || exit 99
                "$@" -o "$d/x.html"; status=$?
                rm "$d/fill"; echo "left: $(ls -A "$d" | wc -l)"
                umount "$d"; rmdir "$d"; exit $status
                """
            return try Command.run("/usr/bin/unshare", ["-m", "/bin/sh", "-c", script, "sh"] + command)
        }

        @Test(
            "hearth record shows the known split and passes on the status",
            arguments: [(false, ""), (true, ""), (true, "--period-ns 1001001"), (true, "--period-ns 2002002")])
        func record(_ unprivileged: Bool, _ mode: String) throws {
            guard let built = try KnownProgram.plainC.builtOrSkipped() else { return }
            guard !unprivileged || getuid() == 0, let setpriv = Self.tool("setpriv") else { return }
            let folder = try TemporaryDirectory()
            _ = unsafe chmod(folder.path, 0o777)
            for path in [LiveDaemon.program("hearthd"), LiveDaemon.program("hearth"), built.path] {
                _ = try Command.output("cp", [path, folder.path])
            }
            let user = unprivileged ? [setpriv, "--reuid", "65534", "--regid", "65534", "--clear-groups"] : []
            let output = folder.appending("x.folded")
            let program = folder.appending(built.program.fileName)
            // The engine itself where the client would do the same.
            let line =
                user + [folder.appending(unprivileged ? "hearthd" : "hearth"), "record", "-o", output, "--"]
                + ["/bin/sh", "-c", "\(program) --seconds 3 --depth 4 \(mode); exit 7"]
            var wrong = [""]
            // One honest run in a hundred misses an interval of 99 %; a bias shows in both.
            for _ in 0..<2 where !wrong.isEmpty {
                let result = try Command.run(line[0], Array(line.dropFirst()), directory: folder.path)
                #expect(result.status == 7, "\(result.errors)")
                let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: output)), as: UTF8.self)
                let stacks = FoldedStacks(text, json: "{}")
                let shares = stacks.shares(of: ["work_a", "work_b", "work_c"]) { built.program.isName($0, of: $1) }
                let samples = Int(stacks.stacks.reduce(0) { $0 + $1.weight })
                #expect(samples > 1500, "\(samples) samples of 3 s at 999 Hz")
                wrong = Tolerance.disagreements(measured: shares, truth: built.truth, samples: samples)
                if unprivileged { #expect(!text.contains("_[k]"), "user space only") }
            }
            #expect(wrong.isEmpty, "\(wrong)")
        }
    }
}
