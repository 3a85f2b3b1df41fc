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
