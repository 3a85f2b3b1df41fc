import Foundation
import TestKit

extension TrialDaemon {
    /// End of what is complete, seconds since the epoch.
    func newest() throws -> Double {
        let answer = try get("/api/v1/targets").body
        return (answer.firstMatch(of: /"to_unix_nanoseconds":(\d+)/).flatMap { Double($0.1) } ?? 0) / 1e9
    }

    /// The query of a target from a moment to now, once it is complete.
    private func window(_ target: String, since start: Date) throws -> String {
        // A slot belongs to a window if half of it does: one second more, or the slot of this moment may not.
        let end = Date().timeIntervalSince1970.rounded(.up) + 1
        try wait(for: "the samples until now") { try newest() > end }
        return "target=\(target)&from=\(Int(start.timeIntervalSince1970))&to=\(Int(end))"
    }

    /// Of some targets, those that were sampled since a moment.
    func sampled(_ targets: [String], since start: Date) throws -> [String] {
        let window = try window("", since: start).dropFirst("target=".utf8.count)
        return try targets.filter { target in
            let answer = try get("/api/v1/profile?target=\(target)\(window)&format=folded")
            return answer.status == 200 && !answer.body.isEmpty
        }
    }

    /// Stacks of a target since a moment; none if it was never sampled.
    func folded(_ target: String, since start: Date, options: String = "") throws -> FoldedStacks {
        let answer = try get("/api/v1/profile?\(try window(target, since: start))&format=folded\(options)")
        return FoldedStacks(answer.status == 200 ? answer.body : "", json: "{}")
    }

    /// Writes the same as pprof to a file.
    func download(_ target: String, since start: Date, to file: String) throws {
        let path = "http://localhost/api/v1/profile?\(try window(target, since: start))&format=pprof"
        _ = try Command.output("curl", ["-sS", "--fail", "-o", file, "--unix-socket", socket, path])
    }

    /// Samples whose leaf has no name for a reason.
    func unnamed(_ reason: String) throws -> Double {
        let line = try get("/metrics").body.split(separator: "\n").first {
            $0.hasPrefix("hearth_frames_unnamed_total{reason=\"\(reason)\"}")
        }
        return line?.split(separator: " ").last.flatMap { Double($0) } ?? 0
    }
}

extension FoldedStacks {
    /// Share of the samples in whose stacks a function is.
    func share(of function: String) -> Double {
        let hits = stacks.filter { $0.frames.contains(function) }.reduce(0) { $0 + $1.weight }
        return hits / max(1, stacks.reduce(0) { $0 + $1.weight })
    }

    /// Whether any frame has a text in its name.
    func contains(_ text: String) -> Bool { stacks.contains { $0.frames.contains { $0.contains(text) } } }
}

extension FoldedStacks.Stack {
    /// Whether a frame is shown as `file+0xaddress`.
    var hasUnnamed: Bool { frames.contains { $0.contains("+0x") } }
}
