import Foundation
import TestKit
import Testing

/// How a known program is run while it is sampled.
struct TruthCase: Sendable, CustomTestStringConvertible {
    var program: KnownProgram
    var depth = 20
    var mode: [String] = []
    /// Whether the stripped program's names can be known at all.
    var isNamed: Bool { program.finish != .bare }

    var testDescription: String { "\(program) depth \(depth) \(mode.joined(separator: " "))" }

    static let all: [TruthCase] =
        KnownProgram.all.map { TruthCase(program: $0) } + [
            TruthCase(program: .plainC, depth: 100),
            TruthCase(program: .plainC, depth: 10, mode: ["--signal"]),
            TruthCase(program: .staticC, depth: 10, mode: ["--signal"]),
            TruthCase(program: .plainC, depth: 10, mode: ["--dlopen"]),
        ]

    /// Loops in step with the sampler: multiples and simple fractions of 1/999 s.
    static let lockstep: [TruthCase] = [1.0, 2.0, 3.0, 0.5, 1.0 / 3, 1.5].map { factor in
        let period = Int((factor * 1e9 / 999).rounded())
        return TruthCase(program: .plainC, depth: 1, mode: ["--period-ns", "\(period)"])
    }
}

/// Real programs, sampled by the real daemon; their truth is known without it.
@Suite(
    .serialized,
    .enabled(if: LiveDaemon.obstacle == nil, Comment(rawValue: LiveDaemon.obstacle ?? "")))
struct TruthTests {
    static let works = ["work_a", "work_b", "work_c"]

    @Test("shares, depth, completeness and total are those of the program", arguments: TruthCase.all)
    func truth(_ given: TruthCase) throws {
        guard let run = try confirmed(given) else { return }
        #expect(run.stacks.samples >= 5000, "\(run.stacks.samples) samples")
        #expect(Double(run.stacks.complete) >= 0.99 * Double(run.stacks.samples), "\(run.stacks.complete)")
        #expect(run.isTotalTrue, "\(run)")
        guard given.isNamed else {
            // The dynamic linker, which has names, runs first.
            let own = run.stacks.stacks.filter { $0.frames.contains { $0.hasPrefix("split-c-bare+0x") } }
            #expect(own.reduce(0) { $0 + $1.weight } >= 0.99 * Double(run.stacks.samples))
            return
        }
        #expect(run.wrongShares(given).isEmpty, "\(run.wrongShares(given))")
        try expectDepth(given, run.stacks)
    }

    @Test("a loop in step with the sampler shows its true shares", arguments: TruthCase.lockstep)
    func lockstep(_ given: TruthCase) throws {
        guard let run = try confirmed(given) else { return }
        #expect(run.stacks.samples >= 5000, "\(run.stacks.samples) samples")
        #expect(run.wrongShares(given).isEmpty, "\(run.wrongShares(given))")
    }

    /// A run of the program, or a second one where the first disagrees with the truth: one honest run in a hundred misses
    /// an interval of 99 %, and a virtual machine's host can take the CPU away. A bias shows in both.
    private func confirmed(_ given: TruthCase) throws -> Run? {
        guard let run = try Run(given) else { return nil }
        let agrees = run.isTotalTrue && (!given.isNamed || run.wrongShares(given).isEmpty)
        return agrees ? run : try Run(given)
    }

    /// Between `burn` and the work lie exactly the promised frames, in each stack that is in the work.
    private func expectDepth(_ given: TruthCase, _ stacks: FoldedStacks) throws {
        let chain = given.program.chain(
            depth: given.depth, signal: given.mode.first == "--signal", plugin: given.mode.first == "--dlopen")
        var exact = 0.0
        var all = 0.0
        var odd: [String] = []
        for stack in stacks.stacks {
            guard let frames = framesAboveWork(stack, given.program) else { continue }
            all += stack.weight
            if matches(frames, chain, given.program) { exact += stack.weight } else { odd.append("\(frames)") }
        }
        #expect(all > 0)
        #expect(exact == all, "\(odd.count) odd stacks, such as \(odd.prefix(2)); promised \(chain)")
    }

    /// From `burn` to the frame that called the work; `nil` for samples elsewhere.
    private func framesAboveWork(_ stack: FoldedStacks.Stack, _ program: KnownProgram) -> [String]? {
        let isWork = { (frame: String) in Self.works.contains { program.isName(frame, of: $0) } }
        guard let work = stack.frames.firstIndex(where: isWork),
            let burn = stack.frames.firstIndex(where: { program.isName($0, of: "burn") || $0.contains("::burn") }),
            burn < work
        else { return nil }
        return Array(stack.frames[burn..<work])
    }

    private func matches(_ frames: [String], _ chain: [String], _ program: KnownProgram) -> Bool {
        switch program.language {
        case .c:
            // A signal can come while its timer is being set.
            return frames.filter { !$0.contains("restore_rt") && !$0.contains("setitimer") } == chain
        case .cxx: return frames.count { $0.contains("descend") } == chain.count - 1
        case .rust, .swift, .go:
            // Rust and Swift reach work_b through a generic function and a closure.
            let own = frames.filter { frame in chain.contains { frame.contains($0) } && !frame.contains("apply") }
            return own.count == chain.count && zip(own, chain).allSatisfy { $0.contains($1) }
        }
    }
}

/// One run of a known program under the sampler.
struct Run: CustomStringConvertible {
    let stacks: FoldedStacks
    /// What the program itself measured: CLOCK_PROCESS_CPUTIME_ID at its end.
    let cpuNanoseconds: Double

    static let daemon = Result { try LiveDaemon(hertz: 999) }

    init?(_ given: TruthCase) throws {
        guard let built = try given.program.builtOrSkipped() else { return nil }
        let daemon = try Self.daemon.get()
        let mode = given.mode == ["--dlopen"] ? ["--dlopen", built.pluginPath ?? ""] : given.mode
        let start = Date().timeIntervalSince1970
        // A signal handler runs on one thread only.
        let load = mode == ["--signal"] ? ["--seconds", "6"] : ["--seconds", "3", "--threads", "2"]
        let running = try built.start(load + ["--depth", "\(given.depth)"] + mode)
        let pid = running.pid
        let (status, lines) = try running.waitForEnd()
        #expect(status == 0)
        let last = try #require(lines.last { $0.hasPrefix("done ") })
        cpuNanoseconds = try #require(RunningProgram.value("cpu_ns", in: last))
        stacks = try daemon.stacks(pid: pid, from: start - 1, to: Date().timeIntervalSince1970)
    }

    /// Whether the weight of all samples agrees with the program's own clock within 3 %.
    var isTotalTrue: Bool { abs(stacks.nanoseconds - cpuNanoseconds) < 0.03 * cpuNanoseconds }

    /// The functions whose share is not the true one.
    func wrongShares(_ given: TruthCase) -> [String] {
        let shares = stacks.shares(of: TruthTests.works) { given.program.isName($0, of: $1) }
        return Tolerance.disagreements(measured: shares, truth: given.program.truth, samples: stacks.samples)
    }

    var description: String {
        "weight \(stacks.nanoseconds / 1e9) s of \(cpuNanoseconds / 1e9) s, \(stacks.samples) samples, \(stacks.lost) lost"
    }
}
