import Model
import Synchronization
import TestKit
import Testing

@testable import Store

struct ContextTableTests {
    /// A context goes when it is retired and without samples, never before; against a plain model.
    @Test(arguments: 0..<50 as Range<UInt64>) func retiresAndPrunes(seed: UInt64) {
        var generator = SeededGenerator(seed)
        var table = ContextTable()
        var expected: [UInt32: SampleContext] = [:]
        var retired: Set<UInt32> = []
        for step in 0..<400 {
            switch generator.below(4) {
            case 0, 1:
                let context = SampleContext.some(Int32(step))
                let number = UInt32(step)
                table.insert(context, as: number)
                #expect(expected.updateValue(context, forKey: number) == nil)
            case 2:
                guard let victim = expected.keys.sorted().randomElement(using: &generator) else { continue }
                table.retire(ContextID(rawValue: victim))
                retired.insert(victim)
            default:
                let used = Set(expected.keys.sorted().filter { _ in generator.below(2) == 0 })
                table.prune(keeping: used)
                for number in retired where !used.contains(number) {
                    expected[number] = nil
                    retired.remove(number)
                }
            }
            #expect(table.contexts == expected)
            #expect(table.retiredCount == retired.count)
            #expect(Set(table.living) == Set(expected.filter { !retired.contains($0.key) }.values))
        }
    }

    /// Samples of a thread that has ended stay answerable; afterwards its context is freed.
    @Test func throughTheStore() throws {
        let store = Store.roomy(retention: 2 * second)
        let context = store.intern(.some(1))
        store.add(
            WalkedSample(kind: .cpu, time: second, context: context, end: .complete, weight: 1), frames: [.code(1)])
        store.retire(context)
        store.settle(to: 2 * second)
        store.state.withLock { $0.compact() }
        #expect(try store.everything().contexts == [.some(1)])
        #expect(store.targets().map(\.processes) == [0])
        store.settle(to: 10 * second)
        store.state.withLock { $0.compact() }
        #expect(store.sizes.contexts == 0)
        #expect(store.targets().isEmpty)
    }
}
