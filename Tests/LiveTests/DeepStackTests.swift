import Foundation
import TestKit
import Testing

/// A program whose stacks are larger than a dump.
struct DeepCase: Sendable, CustomTestStringConvertible {
    var mode = "steady"
    var depth: Int
    var size: Int
    var seconds = 3

    var testDescription: String { "\(mode) \(depth) × \(size) bytes" }
    var arguments: [String] { [mode, "\(seconds)", "\(depth)", "\(size)"] }

    /// 150 KB, 200 KB, 256 KB, 7.8 MB, and 150 KB on a thread of its own.
    static let whole = [
        DeepCase(depth: 300, size: 512), DeepCase(depth: 1000, size: 208), DeepCase(depth: 4000, size: 64),
        DeepCase(depth: 1900, size: 4096), DeepCase(mode: "thread", depth: 300, size: 512),
    ]

    /// Threads that leave their depth at once, by one way or by two, and processes that end.
    static let moving = [
        DeepCase(mode: "swing", depth: 600, size: 512, seconds: 2),
        DeepCase(mode: "paths", depth: 600, size: 512, seconds: 2),
        DeepCase(mode: "fleeting", depth: 300, size: 512, seconds: 2),
    ]
}

extension LiveSuites {
    /// Stacks beyond the dump, by the real daemon; their depth is known without it.
    @Suite(.serialized) struct DeepStackTests {
        private static let daemon = Result { try LiveDaemon(hertz: 499) }

        private func run(_ given: DeepCase) throws -> FoldedStacks? {
            guard let built = try KnownProgram.deep.builtOrSkipped() else { return nil }
            let daemon = try Self.daemon.get()
            let start = Date().timeIntervalSince1970
            let program = try built.start(given.arguments)
            let pid = program.pid
            let (status, _) = try program.waitForEnd()
            #expect(status == 0)
            return try daemon.stacks(pid: pid, from: start - 1, to: Date().timeIntervalSince1970)
        }

        @Test("deep stacks are whole, with exactly the frames of the program", arguments: DeepCase.whole)
        func whole(_ given: DeepCase) throws {
            let before = try Self.cost()
            guard let stacks = try run(given) else { return }
            try expectCost(stacks, since: before)
            #expect(stacks.samples >= 1000, "\(stacks.samples) samples")
            #expect(
                Double(stacks.complete) >= 0.995 * Double(stacks.samples), "\(stacks.complete) of \(stacks.samples)")
            #expect(Double(stacks.completed) >= 0.95 * Double(stacks.samples), "\(stacks.completed) completed")
            let atWork = stacks.stacks.filter { $0.frames.last == "work" && !$0.frames.contains("[truncated]") }
            let odd = atWork.filter { $0.frames.suffix(given.depth + 3) != Self.expected(given)[...] }
            #expect(!atWork.isEmpty && odd.isEmpty, "\(odd.count) odd, such as \(odd.first?.frames.prefix(12) ?? [])")
        }

        /// From `burn` to the leaf.
        private static func expected(_ given: DeepCase) -> [String] {
            ["burn", "path_a"] + Array(repeating: "down_\(given.size)", count: given.depth) + ["work"]
        }

        @Test("a very deep stack keeps both of its ends")
        func bothEnds() throws {
            guard let stacks = try run(DeepCase(depth: 20_000, size: 64)) else { return }
            #expect(
                Double(stacks.complete) >= 0.995 * Double(stacks.samples), "\(stacks.complete) of \(stacks.samples)")
            let atWork = stacks.stacks.filter { $0.frames.last == "work" && !$0.frames.contains("[truncated]") }
            #expect(!atWork.isEmpty)
            for stack in atWork {
                let marker = try #require(stack.frames.firstIndex(of: "[elided]"))
                #expect(stack.frames.count - marker - 1 == 2048)
                #expect(marker == 2048)
                #expect(stack.frames[..<marker].contains("main") && stack.frames[..<marker].contains("path_a"))
                let between = stack.frames.drop { $0 != "path_a" }.dropFirst().dropLast()
                #expect(between.allSatisfy { $0 == "down_64" || $0 == "[elided]" })
            }
        }

        @Test("no stack is shown that the program cannot have", arguments: DeepCase.moving)
        func moving(_ given: DeepCase) throws {
            guard let stacks = try run(given) else { return }
            let deep = stacks.stacks.filter { $0.frames.contains("down_512") && !$0.frames.contains("[truncated]") }
            for stack in deep where !stack.frames.contains("[broken]") {
                let frames = stack.frames.drop { $0 != "burn" && $0 != "fleet" }.drop { !$0.hasPrefix("path_") }
                let middle = frames.dropFirst().prefix { $0 == "down_512" }
                let leaf = frames.dropFirst().dropFirst(middle.count)
                #expect(
                    frames.first == "path_a" || given.mode == "paths" && frames.first == "path_b", "\(stack.frames)")
                #expect(middle.count <= given.depth, "\(middle.count)")
                #expect(leaf.isEmpty || Array(leaf) == ["work"], "\(stack.frames)")
            }
        }

        /// Other processes of the host may be deep as well: the bounds are generous.
        private func expectCost(_ stacks: FoldedStacks, since before: (reads: Double, bytes: Double)) throws {
            let after = try Self.cost()
            let (reads, bytes) = (after.reads - before.reads, after.bytes - before.bytes)
            #expect(reads < 2 * Double(stacks.completed) + 500, "\(reads) reads for \(stacks.completed)")
            #expect(bytes < 400e3 * reads + 32e6, "\(bytes) bytes in \(reads)")
        }

        private static func cost() throws -> (reads: Double, bytes: Double) {
            let daemon = try Self.daemon.get()
            return (
                try daemon.metric("hearth_deep_stack_reads_total"),
                try daemon.metric("hearth_deep_stack_read_bytes_total")
            )
        }
    }
}
