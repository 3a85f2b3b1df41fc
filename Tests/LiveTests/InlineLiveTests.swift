import Foundation
import Glibc
import TestKit
import Testing

extension LiveSuites {
    /// A program whose work is in inlined functions; it counts itself how much of it was in which.
    @Suite(.serialized) struct InlineLiveTests {
        private static let source = ProgramFolders.sources + "/inlined/chain.c"

        /// Builds the program, runs it under a daemon, and waits until nothing waits for its lines.
        private static func run(_ daemon: TrialDaemon, _ program: String) throws -> (pid: Int32, left: Double) {
            let running = try RunningProgram(program, ["6"])
            let output = try running.waitForEnd().lines.joined(separator: " ")
            let numbers = output.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
            try #require(numbers.count >= 2, "\(output)")
            try daemon.wait(for: "lines") {
                try daemon.metric("hearth_frames_unlocated") == 0
                    && daemon.get("/metrics").body.contains("hearth_frames_located_total{result=\"found\"}")
            }
            return (running.pid, numbers[0] / (numbers[0] + numbers[1]))
        }

        @Test("inlined functions are frames with their shares, in their callers")
        func frames() throws {
            let folder = try TemporaryDirectory()
            let program = folder.appending("chain")
            _ = try Command.output("gcc", ["-O2", "-g", Self.source, "-o", program])
            let start = Date()
            let daemon = try TrialDaemon(hertz: 499)
            try daemon.awaitReady()
            let (pid, left) = try Self.run(daemon, program)
            let folded = try daemon.folded("pid:\(pid)", since: start)
            let chains = folded.stacks.filter { $0.frames.contains("hot") }
            let weight = chains.reduce(0) { $0 + $1.weight }
            func share(_ path: String) -> Double {
                chains.filter { $0.frames.joined(separator: ";").contains(path) }.reduce(0) { $0 + $1.weight } / weight
            }
            let truth = ["hot;middle_[i];left_[i]": left, "hot;middle_[i];right_[i]": 1 - left]
            let measured = Dictionary(uniqueKeysWithValues: truth.keys.map { ($0, share($0)) })
            let wrong = Tolerance.disagreements(measured: measured, truth: truth, samples: Int(weight))
            #expect(weight > 1500 && wrong.isEmpty, "\(wrong) of \(weight); \(folded.stacks.prefix(4))")
            #expect(share("hot;middle_[i];left_[i];step_[i]") > 0.1)

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
            try expectMetrics(daemon, pid, weight)
        }

        private static func expectFlags(_ file: String) throws {
            let raw = try Command.output("go", ["tool", "pprof", "-raw", file])
            let mapping = raw.split(separator: "\n").first { $0.contains("/chain") && $0.contains("[FN]") }
            #expect(mapping?.contains("[FL][LN][IN]") == true || raw.contains("/chain"), "\(raw.suffix(1500))")
        }

        /// The counters name functions of the symbol table and sum up to the target's CPU time.
        private func expectMetrics(_ daemon: TrialDaemon, _ pid: Int32, _ weight: Double) throws {
            let text = try daemon.get("/metrics").body.split(separator: "\n")
            #expect(text.contains { $0.hasPrefix("hearth_target_function") && $0.contains("function=\"hot\"") })
            #expect(!text.contains { $0.hasPrefix("hearth_target_function") && $0.contains("function=\"left\"") })
            let all = try daemon.metric("hearth_target_cpu_seconds_total") ?? 0
            let functions = try daemon.metric("hearth_target_function_cpu_seconds_total") ?? -1
            #expect(abs(all - functions) < 0.05 * all + 0.05, "\(all) \(functions)")
            #expect(try daemon.metric("hearth_frames_inlined_total") ?? 0 > 5)
        }
    }
}
