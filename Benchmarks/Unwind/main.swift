import Glibc
import Model
import Unwinder

/// Samples a process that runs, stops it, walks the same stacks by all unwinders and prints the figures as JSON.
/// `Benchmarks/bench-unwind` and `bench-first` run it.
guard CommandLine.arguments.count >= 3, let pid = Int32(CommandLine.arguments[1]),
    let count = Int(CommandLine.arguments[2])
else {
    print("usage: hearth-bench-unwind PID SAMPLES [first]")
    exit(2)
}

/// Engines of Hearth; the first one is compared with the others.
func ownEngines(_ code: ProcessCode) -> [(name: String, contestant: any Contestant)] {
    [
        ("rules", OwnEngine(UnwindEngine(verifyEvery: 0), code: code)),
        ("fallback", OwnEngine(LibunwindEngine(), code: code)),
    ]
}

func peers(_ code: ProcessCode) -> [(name: String, contestant: any Contestant)] {
    let libunwind = Peer(libunwind: code).map { ("libunwind", $0 as any Contestant) }
    let libdwfl = Peer(libdwfl: pid).map { ("libdwfl", $0 as any Contestant) }
    return [libunwind, libdwfl].compactMap { $0 }
}

/// How one pass was walked: stacks that were left to libunwind by reason, and those that needed all registers.
func waysOfWalking(_ corpus: Corpus, _ code: ProcessCode) -> String {
    let counters = UnwindCounters()
    _ = Trial(OwnEngine(UnwindEngine(verifyEvery: 0, counters: counters), code: code), corpus)
    // A trial goes over the corpus twice.
    var ways = counters.fallbacksByReason.map { ($0.reason.rawValue, $0.count / 2) }
    ways.append(("wide", counters.wide.value / 2))
    return ways.filter { $0.1 > 0 }.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ")
}

func report(_ corpus: Corpus, _ ways: String, _ own: [(String, Trial)], _ peers: [(String, Trial)]) -> String {
    let all = Array(corpus.samples.indices)
    let first = own[0].1
    // Only what all of them find can be compared: who gives up early is fast. Others may lack our outermost frame.
    let common = all.filter { index in peers.allSatisfy { first.covers($0.1, at: index) } }
    let frames = common.reduce(0) { $0 + first.stacks[$1].count }
    let trials = (own + peers).map { name, trial in
        "\"\(name)\": {\"first\": \(trial.first), \"all\": \(trial.fastest(over: all)), "
            + "\"common\": \(trial.fastest(over: common))}"
    }
    let agreements = peers.map { name, trial in
        let counts = all.reduce(into: [0, 0, 0]) { $0[first.agreement(with: trial, at: $1).rawValue] += 1 }
        return "\"\(name)\": \(counts)"
    }
    return "{\"samples\": \(all.count), \"common\": \(common.count), \"frames\": \(frames), "
        + "\"all_frames\": \(first.stacks.reduce(0) { $0 + $1.count }), \"bytes\": \(corpus.byteCount), "
        + "\"ways\": {\(ways)}, \"trials\": {\(trials.joined(separator: ", "))}, \"agreement\": {\(agreements.joined(separator: ", "))}}"
}

do {
    let corpus = Corpus()
    try corpus.record(pid: pid, count: count, seconds: 20)
    guard kill(pid, SIGSTOP) == 0, corpus.samples.count * 4 >= count else {
        print("too few samples: \(corpus.samples.count)")
        exit(1)
    }
    defer { kill(pid, SIGCONT) }
    if CommandLine.arguments.dropFirst(3).first == "first" {
        try FirstStack.measure(corpus, pid: pid)
        exit(0)
    }
    let code = try ProcessCode(pid: pid)
    let own = ownEngines(code).map { ($0.name, Trial($0.contestant, corpus)) }
    let others = peers(code).map { ($0.name, Trial($0.contestant, corpus)) }
    print(report(corpus, waysOfWalking(corpus, code), own, others))
} catch {
    print("hearth-bench-unwind: \(error)")
    exit(1)
}
