import Foundation
import Glibc
import TestKit
import Testing

extension LiveSuites {
    /// A program that changes its split at a signal, seen by the real daemon: the sizes are known from the program.
    @Suite struct DiffLiveTests {
        private struct Row {
            var delta, low, high: Double
            var isSignificant: Bool
        }

        private func row(_ name: String, in json: String) throws -> Row? {
            let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            let rows = try #require(object?["functions"] as? [[String: Any]])
            guard let row = rows.first(where: { $0["function"] as? String == name }) else { return nil }
            func number(_ key: String) -> Double { (row[key] as? NSNumber)?.doubleValue ?? .nan }
            return Row(
                delta: number("delta_self"), low: number("delta_self_low"), high: number("delta_self_high"),
                isSignificant: row["significant"] as? Bool ?? false)
        }

        /// Waits until the daemon has closed the slots before a moment.
        private func awaitSlots(_ daemon: LiveDaemon, until time: Double) throws {
            let deadline = Date().addingTimeInterval(240)
            while try daemon.truth(of: try daemon.get("/api/v1/targets"), "to_unix_nanoseconds") / 1e9 < time {
                guard Date() < deadline else { throw CommandFailure(description: "the daemon lags behind") }
                usleep(100_000)
            }
        }

        private func share(_ line: String) throws -> Double {
            let one = try #require(RunningProgram.value("one_ns", in: line))
            let two = try #require(RunningProgram.value("two_ns", in: line))
            return one / (one + two)
        }

        @Test func theChangeIsFoundWithItsSize() throws {
            guard let built = try KnownProgram.shift.builtOrSkipped() else { return }
            let daemon = try LiveDaemon(hertz: 499)
            let running = try built.start(["0.6", "0.35"])
            let start = Date().timeIntervalSince1970
            try awaitSlots(daemon, until: start + 10)
            let middle = Date().timeIntervalSince1970
            running.signal(SIGUSR1)
            let before = try share(try #require(try running.nextLine()))
            try awaitSlots(daemon, until: middle + 10)
            let end = Date().timeIntervalSince1970
            running.signal(SIGTERM)
            let after = try share(try #require(try running.nextLine()))
            try awaitSlots(daemon, until: end + 1)

            // Slots at the ends hold something else as well.
            let base = "\(start + 1)..\(middle - 1)"
            let query = "target=pid:\(running.pid)&normalize=total&base=\(base)"
            let changed = try daemon.get("/api/v1/diff?\(query)&to=\(middle + 1)..\(end - 1)")
            let truth = after - before
            for (name, expected) in [("work_one", truth), ("work_two", -truth)] {
                let row = try #require(try row(name, in: changed), "\(changed.prefix(2000))")
                // Two half-widths are four standard errors: however few samples a loaded host leaves.
                let margin = row.high - row.low
                #expect(
                    row.isSignificant && abs(row.delta - expected) < margin + 0.01,
                    "\(name) \(row), in truth \(expected)")
            }
            // The filter sees the same split: nobody calls one out of the other.
            let samples = try ["work_one", "work_two", "work_*"].map { name in
                let filter = "function=\(name)&pid=\(running.pid)&module=*shift&thread=*shift"
                let window = "from=\(start + 1)&to=\(middle - 1)&target=all"
                return try daemon.truth(of: try daemon.get("/api/v1/profile?\(window)&\(filter)"), "samples")
            }
            #expect(samples[0] + samples[1] == samples[2] && samples[2] > 0, "\(samples)")
            let error = (before * (1 - before) / samples[2]).squareRoot()
            #expect(abs(samples[0] / samples[2] - before) < 4 * error + 0.01, "\(samples), in truth \(before)")
            // The window against itself, and its halves, in which the program did the same.
            let same = try daemon.get("/api/v1/diff?\(query)&to=\(base)")
            #expect(try row("work_one", in: same) == nil && row("work_two", in: same) == nil)
            let half = (start + middle) / 2
            let halves = try daemon.get(
                "/api/v1/diff?target=pid:\(running.pid)&normalize=total&base=\(start + 1)..\(half)&to=\(half)..\(middle - 1)"
            )
            if let row = try row("work_one", in: halves) { #expect(abs(row.delta) < row.high - row.low, "\(row)") }
        }
    }
}
