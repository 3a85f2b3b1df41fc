import Foundation
import Glibc
import TestKit
import Testing

extension LiveSuites {
    /// A program whose work is in inlined functions; it counts itself how much of it was in which.
    @Suite(.serialized) struct InlineLiveTests {
        private static let source = ProgramFolders.sources + "/inlined/chain.c"

        /// Runs the program; its pid, and the share of the work that it counted in `left`.
        private static func run(_ program: String) throws -> (pid: Int32, left: Double) {
            let running = try RunningProgram(program, ["6"])
            let output = try running.waitForEnd().lines.joined(separator: " ")
            let numbers = output.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
            try #require(numbers.count >= 2, "\(output)")
            return (running.pid, numbers[0] / (numbers[0] + numbers[1]))
        }

        /// The stacks of the program, once lines are known: names come first.
        private static func located(_ daemon: TrialDaemon, _ pid: Int32, since start: Date) throws -> FoldedStacks {
            var folded = try daemon.folded("pid:\(pid)", since: start)
            try daemon.wait(for: "lines") {
                folded = try daemon.folded("pid:\(pid)", since: start)
                let bare = folded.stacks.filter { $0.frames.last == "hot" }.reduce(0) { $0 + $1.weight }
                return bare < 0.02 * folded.stacks.reduce(0) { $0 + $1.weight } && folded.contains("_[i]")
            }
            return folded
        }

        /// One run: its samples in `hot`, and the inlined paths whose share is not the one that the program counted.
        private static func measure(
            _ program: String, _ daemon: TrialDaemon, since start: Date
        ) throws -> (pid: Int32, weight: Double, wrong: [String]) {
            let (pid, left) = try run(program)
            let folded = try located(daemon, pid, since: start)
            let chains = folded.stacks.filter { $0.frames.contains("hot") }
            let weight = chains.reduce(0) { $0 + $1.weight }
            func share(_ path: String) -> Double {
                chains.filter { $0.frames.joined(separator: ";").contains(path) }.reduce(0) { $0 + $1.weight } / weight
            }
            let truth = ["hot;middle_[i];left_[i]": left, "hot;middle_[i];right_[i]": 1 - left]
            let measured = Dictionary(uniqueKeysWithValues: truth.keys.map { ($0, share($0)) })
            #expect(share("hot;middle_[i];left_[i];step_[i]") > 0.1, "\(folded.stacks.prefix(4))")
            return (pid, weight, Tolerance.disagreements(measured: measured, truth: truth, samples: Int(weight)))
        }

        @Test("inlined functions are frames with their shares, in their callers")
        func frames() throws {
            let folder = try TemporaryDirectory()
            let program = folder.appending("chain")
            _ = try Command.output("gcc", ["-O2", "-g", Self.source, "-o", program])
            let start = Date()
            // Other programs of a busy host would use up the time that there is for lines.
            let rules = "  rules:\n    - {match: {exe: chain}, name: chain}\n    - {match: {exe: \"*\"}, exclude: true}"
            let daemon = try TrialDaemon(hertz: 499, targets: rules)
            try daemon.awaitReady()
            var run = try Self.measure(program, daemon, since: start)
            // One honest run in a hundred misses an interval of 99 %; a bias shows in both.
            if !run.wrong.isEmpty { run = try Self.measure(program, daemon, since: start) }
            #expect(run.weight > 1500 && run.wrong.isEmpty, "\(run.wrong) of \(run.weight)")
            let pid = run.pid

            let file = folder.appending("profile.pb.gz")
            try daemon.download("pid:\(pid)", since: start, to: file)
            let top = try Command.output("go", ["tool", "pprof", "-top", "-nodecount=40", file])
            let rows = top.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            let inlined = Set(rows.filter { $0.last == "(inline)" }.compactMap { $0.dropLast().last })
            #expect(inlined.isSuperset(of: ["left", "right", "middle", "step"]), "\(top)")
            let lines = try Command.output("go", ["tool", "pprof", "-lines", "-top", file])
            #expect(lines.contains("left \(Self.source):"), "\(lines)")
            let listed = try Command.output("go", ["tool", "pprof", "-list=^right$", file])
            let hot = listed.split(separator: "\n").filter { $0.contains("x = step(x)") && $0.contains("s ") }
            #expect(!hot.isEmpty && listed.contains(Self.source), "\(listed)")
            try Self.expectFlags(file)
            try expectMetrics(daemon)
        }

        /// Readers are told of the inlined functions, and not that every frame has a file: `_start` has none.
        private static func expectFlags(_ file: String) throws {
            let raw = try Command.output("go", ["tool", "pprof", "-raw", file])
            let mapping = raw.split(separator: "\n").first { $0.contains("0x0/") && $0.contains("/chain") }
            #expect(mapping?.contains("[FN][IN]") == true, "\(mapping ?? "none") \(raw.suffix(900))")
        }

        /// The counters name functions of the symbol table and sum up to the target's CPU time.
        private func expectMetrics(_ daemon: TrialDaemon) throws {
            let text = try daemon.get("/metrics").body.split(separator: "\n")
            #expect(text.contains { $0.hasPrefix("hearth_target_function") && $0.contains("function=\"hot\"") })
            #expect(!text.contains { $0.hasPrefix("hearth_target_function") && $0.contains("function=\"left\"") })
            let all = try daemon.metric("hearth_target_cpu_seconds_total") ?? 0
            let functions = try daemon.metric("hearth_target_function_cpu_seconds_total") ?? -1
            #expect(abs(all - functions) < 0.05 * all + 0.05, "\(all) \(functions)")
            // One address at least in each of `left` and `right`; how many more are hit is the processor's choice.
            #expect(try daemon.metric("hearth_frames_inlined_total") ?? 0 >= 2)
        }
    }
}
