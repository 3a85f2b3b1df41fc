import Foundation
import Glibc
import TestKit
import Testing

extension LiveSuites {
    /// How the real daemon starts, what it says when it cannot, and how it ends.
    @Suite struct StartTests {
        private static let nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]

        @Test("among 500 processes it samples within two seconds")
        func crowdedHost() throws {
            guard let built = try KnownProgram.crowd.builtOrSkipped() else { return }
            let crowd = try built.start(["500"])
            defer { crowd.terminate() }
            let start = Date()
            let daemon = try TrialDaemon()
            let line = try daemon.awaitLog("sampling")
            let moment = try Self.moment(of: line)
            #expect(moment.timeIntervalSince(start) < 2, "\(moment.timeIntervalSince(start)) s")
            #expect(daemon.end() == 0)
        }

        @Test("a second daemon names the first one and fails", arguments: ["tcp", "unix"])
        func twoDaemons(_ kind: String) throws {
            let first = try TrialDaemon(listen: ["127.0.0.1:0"])
            let port = try first.port()
            try first.awaitLog("sampling")
            let address = kind == "tcp" ? "127.0.0.1:\(port)" : first.address
            let second = try TrialDaemon(listen: [address])
            let status = try #require(second.awaitEnd(), "the second one runs on")
            #expect(status != 0)
            let line =
                second.log.split(separator: "\n").last { $0.contains("in use by") }.map(String.init) ?? second.log
            #expect(line.contains(address) && line.contains("(pid \(first.pid))"), "\(line)")
            #expect(try first.get("/healthz").status == 200, "the first one goes on")
        }

        @Test("without privilege it says what is missing and samples the user's own programs")
        func unprivileged() throws {
            guard getuid() == 0, let setpriv = Self.tool("setpriv"),
                let built = try KnownProgram.change.builtOrSkipped()
            else { return }
            let wrapper = [setpriv] + Self.nobody.dropFirst()
            let folder = try TemporaryDirectory()
            _ = unsafe chmod(folder.path, 0o777)
            let copy = folder.appending("own-work")
            _ = try Command.output("cp", [built.path, copy])
            let own = try RunningProgram(wrapper[0], wrapper.dropFirst() + [copy, "once", "600"])
            let foreign = try built.start(["once", "600"])
            defer {
                own.terminate()
                foreign.terminate()
            }
            let daemon = try TrialDaemon(wrapper: wrapper, hertz: 499)
            try daemon.awaitReady()
            let line = try #require(daemon.log.split(separator: "\n").first { $0.contains("sample all processes") })
            #expect(line.contains("CAP_PERFMON is missing") && line.contains("kernel.perf_event_paranoid"), "\(line)")
            try daemon.wait(for: "samples of the own program") { try daemon.targets()["own-work"] != nil }
            let pids = try daemon.targets().values.flatMap { $0 }
            #expect(!pids.contains(Int(foreign.pid)), "root's program is not sampled")
            let folded = try daemon.get("/api/v1/profile?target=own-work&last=10s&format=folded").body
            #expect(folded.contains("main;work_one") && !folded.contains("_[k]"), "\(folded)")
            #expect(daemon.end() == 0)
        }

        @Test("where perf events are forbidden it serves on, is never ready, and says why")
        func forbidden() throws {
            guard let built = try KnownProgram.forbid.builtOrSkipped() else { return }
            let daemon = try TrialDaemon(wrapper: [built.path])
            try daemon.wait(for: "an answer") { try daemon.get("/healthz").status == 200 }
            let ready = try daemon.get("/readyz")
            #expect(ready.status == 503 && ready.body.contains("perf_event_open is not there or filtered"), "\(ready)")
            #expect(daemon.log.contains("nothing is sampled"))
            #expect(try daemon.metric("hearth_samples_total") == 0)
            #expect(try daemon.get("/api/v1/targets").status == 200)
            #expect(daemon.end() == 0)
        }

        @Test("SIGHUP renames, joins and excludes; a broken file changes nothing")
        func reload() throws {
            guard let built = try KnownProgram.change.builtOrSkipped() else { return }
            let folder = try TemporaryDirectory()
            let names = ["alpha", "beta", "gamma"]
            let running = try names.map { try Self.start(built, as: $0, in: folder) }
            defer { for program in running { program.terminate() } }
            let daemon = try TrialDaemon(hertz: 199)
            try daemon.wait(for: "all three") { try Set(names).isSubset(of: daemon.targets().keys) }
            try daemon.reload(
                targets: """
                      rules:
                        - {match: {exe: alpha}, name: greek}
                        - {match: {exe: beta}, name: greek}
                        - {match: {exe: gamma}, exclude: true}
                    """)
            try daemon.awaitLog("configuration reloaded")
            try daemon.wait(for: "the joined target") {
                try Set(daemon.targets()["greek"] ?? []).isSuperset(of: running.prefix(2).map { Int($0.pid) })
            }
            let before = try #require(try daemon.metric("hearth_samples_excluded_total"))
            try daemon.wait(for: "excluded samples") {
                try daemon.metric("hearth_samples_excluded_total") ?? 0 > before + 20
            }
            #expect(try daemon.metric("hearth_config_last_reload_successful") == 1)
            try daemon.wait(for: "both processes, told apart, in the joined target") {
                let joined = try daemon.get("/api/v1/profile?target=greek&last=5s&format=folded").body
                return joined.contains("alpha") && joined.contains("beta")
            }
            try daemon.reload(targets: "  rules:\n    - {match: {exe: alpha}, nmae: other}\n")
            try daemon.wait(for: "the failed reload") { try daemon.metric("hearth_config_last_reload_successful") == 0 }
            let problem = try daemon.awaitLog("configuration not reloaded")
            #expect(problem.contains("hearth.yaml:6") && problem.contains("nmae"), "\(problem)")
            let now = Date().timeIntervalSince1970 * 1e9
            try daemon.wait(for: "three more seconds") { try Self.newest(daemon) > now + 3e9 }
            let last = try daemon.get("/api/v1/profile?target=all&last=2s&format=folded").body
            #expect(last.contains("greek;alpha") && last.contains("greek;beta"), "\(last.prefix(500))")
            #expect(!last.contains("gamma;"), "\(last.prefix(500))")
            #expect(daemon.end() == 0)
        }

        private static func start(_ built: BuiltProgram, as name: String, in folder: TemporaryDirectory) throws
            -> RunningProgram
        {
            _ = try Command.output("cp", [built.path, folder.appending(name)])
            return try RunningProgram(folder.appending(name), ["once", "600"])
        }

        private static func newest(_ daemon: TrialDaemon) throws -> Double {
            let answer = try daemon.get("/api/v1/targets").body
            return answer.firstMatch(of: /"to_unix_nanoseconds":(\d+)/).flatMap { Double($0.1) } ?? 0
        }

        /// Log lines begin with a time such as 2026-11-21T03:43:09.225Z.
        private static func moment(of line: String) throws -> Date {
            let text = line.prefix { $0 != " " }
            return try Date(String(text), strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        }

        private static func tool(_ name: String) -> String? {
            switch ExternalTool.find(name) {
            case .success(let path): return path
            case .failure(let reason):
                print("skipped: \(reason)")
                return nil
            }
        }
    }
}
