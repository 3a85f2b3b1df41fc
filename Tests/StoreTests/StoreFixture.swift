import Model
import TestKit

@testable import Store

/// Clocks that stand: CLOCK_MONOTONIC at 1,000 s, the wall clock `offset` ahead of it.
struct HeldTime: TimeSource {
    static let offset: Int64 = 1_700_000_000_000_000_000
    func monotonic() -> UInt64 { 1000 * second }
    func wall() -> Int64 { Int64(1000 * second) + Self.offset }
}

let second: UInt64 = 1_000_000_000

extension Store {
    /// A store whose budget only a test that wants so fills.
    static func roomy(retention: UInt64 = 3600 * second, bytes: Int = 1 << 30) -> Store {
        Store(retention: retention, budget: StageBudget(.store, bytes: bytes), time: HeldTime()) {}
    }

    /// Names everything and makes the closed slots known to readers.
    func nameAll() {
        let (frames, until) = takeUnnamed()
        setNames(frames.map { ($0, .lines([SourceLine(function: "f\($0.address)", systemName: "f\($0.address)")])) })
        publish(until: until)
    }

    /// Closes the slot before `time` and names it.
    func settle(to time: UInt64) {
        advance(to: time)
        nameAll()
    }

    /// The whole memory.
    func everything(_ selector: TargetSelector = .all) throws(QueryError) -> Profile {
        try profile(ProfileQuery(selector: selector, from: .min, to: .max))
    }
}

extension SampleContext {
    static func some(_ number: Int32, target: String = "t") -> SampleContext {
        SampleContext(
            target: target, process: ProcessKey(pid: number, start: 1), tid: number, thread: "w\(number)", comm: "c",
            executable: "/bin/e\(number)")
    }
}

extension FrameKey {
    static func code(_ address: Int) -> FrameKey { FrameKey(module: .firstDynamic, address: UInt64(address)) }
}

extension Profile {
    /// What the profile says, independent of its numbering: stack (leaf first) with pid → count and weight.
    var answers: [String: (count: Int64, weight: Double)] {
        var result: [String: (count: Int64, weight: Double)] = [:]
        for sample in samples {
            var words: [String] = []
            var node = Int(sample.node)
            while node > 0 {
                let frame = frames[Int(nodes[node].frame)]
                words.append("\(modules[Int(frame.module)].path)+\(frame.address)=\(frame.name)")
                node = Int(nodes[node].parent)
            }
            let key = "\(contexts[Int(sample.context)].process.pid) " + words.joined(separator: ";")
            result[key, default: (0, 0)].count += sample.count
            result[key, default: (0, 0)].weight += sample.weight
        }
        return result
    }

    var comparable: [String: [Double]] { answers.mapValues { [Double($0.count), $0.weight] } }
}

/// Samples with their truth, counted without the store.
struct SampleStream {
    var generator: SeededGenerator
    var truth: [String: [Double]] = [:]

    init(seed: UInt64) { generator = SeededGenerator(seed) }

    /// A stack of up to 12 frames out of few functions, so that paths are shared.
    mutating func stack() -> [FrameKey] { (0..<generator.below(13)).map { _ in .code(generator.below(6)) } }

    /// Adds a sample to the store and to the truth. Weights are whole numbers, so that sums are exact in any order.
    mutating func add(to store: Store, context: (id: ContextID, pid: Int32), time: UInt64) {
        let frames = stack()
        let weight = Double(1 + generator.below(1000))
        let end: [StackEnd] = [.complete, .completed, .truncated, .broken(.loop)]
        store.add(
            WalkedSample(kind: .cpu, time: time, context: context.id, end: end[generator.below(4)], weight: weight),
            frames: frames)
        let words = frames.map { "[unknown]+\($0.address)=\(Self.name($0))" }
        let key = "\(context.pid) " + words.joined(separator: ";")
        let old = truth[key] ?? [0, 0]
        truth[key] = [old[0] + 1, old[1] + weight]
    }

    private static func name(_ key: FrameKey) -> FrameName {
        .lines([SourceLine(function: "f\(key.address)", systemName: "f\(key.address)")])
    }
}
