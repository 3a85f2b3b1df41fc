import Model
import Synchronization
import TestKit
import Testing

@testable import Store

struct TargetTotalsTests {
    private func feed(_ store: Store, targets: Range<Int>, at time: UInt64) {
        for target in targets {
            let context = store.intern(.some(Int32(target + 1), target: "t\(target)"))
            store.add(
                WalkedSample(kind: .cpu, time: time, context: context, end: .complete, weight: 10), frames: [.code(1)])
            store.retire(context)
        }
        store.settle(to: time + second)
    }

    private func cpu(_ store: Store) -> [String: Double] {
        let family = store.collect().first { $0.name == "hearth_target_cpu_seconds_total" }
        var result: [String: Double] = [:]
        for point in family?.points ?? [] where point.labels.contains(MetricLabel("mode", "user")) {
            guard case .number(let value) = point.value else { continue }
            result[point.labels.first { $0.name == "target" }?.value ?? "", default: 0] += (value * 1e9).rounded()
        }
        return result
    }

    /// Beyond 200 targets the rest is one series; together they are everything that was added.
    @Test func folding() {
        let store = Store.roomy()
        feed(store, targets: 0..<200, at: second)
        #expect(cpu(store).count == 200)
        #expect(cpu(store)["other"] == nil)
        feed(store, targets: 150..<350, at: 2 * second)
        let folded = cpu(store)
        #expect(folded.count == 201)
        #expect(folded["other"] == 1500)
        #expect(folded["t150"] == 20)
        #expect(folded.values.reduce(0, +) == 4000)
    }

    /// Targets without samples for an hour make room, for as many as have gone, although `other` has a series too.
    @Test func expiry() {
        let store = Store.roomy()
        feed(store, targets: 0..<200, at: second)
        feed(store, targets: 200..<201, at: 2 * second)
        feed(store, targets: 0..<199, at: 3000 * second)
        feed(store, targets: 300..<301, at: 3700 * second)
        let totals = cpu(store)
        #expect(totals["t199"] == nil)
        #expect(totals["t300"] == 10)
        #expect(totals["other"] == 10)
        #expect(totals.count == 201)
    }

    /// Lines and inlined functions that are found after a slot was published are in its profiles; the counters keep the
    /// function of the symbol table, before and after, and add up.
    @Test func linesThatComeLater() throws {
        let store = Store.roomy()
        feed(store, targets: 0..<1, at: second)
        let before = store.sizes.frames
        let chain = [
            SourceLine(function: "inner", systemName: "inner", file: "/a.c", line: 3),
            SourceLine(function: "f1", systemName: "f1", file: "/a.c", line: 9),
        ]
        store.setNames([(.code(1), .lines(chain)), (.code(77), .lines(chain))])
        #expect(store.sizes.frames == before)
        #expect(try store.everything().frames.map(\.name) == [.lines(chain)])
        feed(store, targets: 0..<1, at: 2 * second)
        let family = store.collect().first { $0.name == "hearth_target_function_cpu_seconds_total" }
        var seconds: [String: Double] = [:]
        for point in family?.points ?? [] {
            guard case .number(let value) = point.value else { continue }
            seconds[point.labels.first { $0.name == "function" }?.value ?? ""] = (value * 1e9).rounded()
        }
        #expect(seconds == ["f1": 20, "other": 0])
        #expect(cpu(store) == ["t0": 20])
    }

    @Test func endsAndUnnamed() {
        let store = Store.roomy()
        let context = store.intern(.some(1))
        let ends: [StackEnd] = [.complete, .completed, .truncated, .truncated, .broken(.loop)]
        for end in ends {
            store.add(
                WalkedSample(kind: .cpu, time: second, context: context, end: end, weight: 1),
                frames: [FrameKey(module: .unknown, address: 7)])
        }
        store.add(
            WalkedSample(kind: .cpu, time: second, context: context, end: .complete, weight: 1),
            frames: [FrameKey(module: .kernel, address: 7)])
        store.settle(to: 2 * second)
        let totals = store.totals.withLock { $0 }
        #expect(totals.targets["t"]?.ends == [2, 1, 2, 1])
        #expect(totals.targets["t"]?.kernelNanoseconds == 1)
        #expect(totals.targets["t"]?.userNanoseconds == 5)
        #expect(totals.unnamed == [.noMapping: 5])
    }
}
