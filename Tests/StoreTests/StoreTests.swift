import Model
import Synchronization
import TestKit
import Testing

@testable import Store

struct StoreTests {
    private func sample(_ time: UInt64, _ context: ContextID, weight: Double = 1) -> WalkedSample {
        WalkedSample(kind: .cpu, time: time, context: context, end: .complete, weight: weight)
    }

    /// The profile of everything is what was added, by brute force.
    @Test(arguments: 0..<30 as Range<UInt64>) func sumsEqualSamples(seed: UInt64) throws {
        let store = Store.roomy()
        var stream = SampleStream(seed: seed)
        let contexts = (1...3).map { (id: store.intern(.some(Int32($0))), pid: Int32($0)) }
        for index in 0..<2000 {
            stream.add(
                to: store, context: contexts[stream.generator.below(3)], time: second + UInt64(index) * 7_000_000)
        }
        store.settle(to: 100 * second)
        let profile = try store.everything()
        #expect(profile.comparable == stream.truth)
        #expect(profile.truth.samples == 2000)
        let ends = profile.truth.completed + profile.truth.truncated + profile.truth.broken
        #expect(ends > 0 && ends < 2000)
        #expect(profile.nodes.indices.dropFirst().allSatisfy { profile.nodes[$0].parent < Int32($0) })
        let one = try store.everything(.pid(2)).comparable
        #expect(one == stream.truth.filter { $0.key.hasPrefix("2 ") })
    }

    /// A rebuild of the tables changes no answer, also while a slot is open, and drops what nothing refers to.
    @Test(arguments: 0..<30 as Range<UInt64>) func compactionKeepsAnswers(seed: UInt64) throws {
        let store = Store.roomy(retention: 4 * second)
        var stream = SampleStream(seed: seed)
        let context = (id: store.intern(.some(1)), pid: Int32(1))
        for index in 0..<800 { stream.add(to: store, context: context, time: second + UInt64(index) * 10_000_000) }
        store.settle(to: 9 * second)
        // In the open slot: must survive the rebuilds.
        stream.add(to: store, context: context, time: 9 * second + 1)
        let before = try store.everything()
        store.state.withLock { $0.compact() }
        #expect(try store.everything().comparable == before.comparable)
        #expect(try store.everything().truth == before.truth)
        store.state.withLock { $0.compact() }
        store.settle(to: 10 * second)
        let open = try store.profile(window(9, 10))
        #expect(open.truth.samples == 1)
        store.settle(to: 1000 * second)
        store.state.withLock { $0.compact() }
        #expect(store.sizes.frames == 0)
        #expect(store.sizes.nodes == 1)
    }

    /// A window in seconds of CLOCK_MONOTONIC.
    private func window(_ from: UInt64, _ to: UInt64, _ selector: TargetSelector = .all) -> ProfileQuery {
        ProfileQuery(
            selector: selector, from: Int64(from * second) + HeldTime.offset, to: Int64(to * second) + HeldTime.offset)
    }

    @Test func slotsCloseAtSeconds() throws {
        let closed = Mutex(0)
        let budget = StageBudget(.store, bytes: 1 << 30)
        let store = Store(retention: 3600 * second, budget: budget, time: HeldTime()) { closed.withLock { $0 += 1 } }
        let context = store.intern(.some(1))
        store.add(sample(5 * second + 999_999_999, context), frames: [.code(1)])
        store.advance(to: 6 * second - 1)
        #expect(closed.withLock { $0 } == 0)
        store.advance(to: 6 * second)
        #expect(closed.withLock { $0 } == 1)
        #expect(budget.usedBytes > 0)
        store.add(sample(6 * second, context), frames: [.code(2)])
        // A sample behind the boundary closes the slot as well; the next advance tells.
        store.add(sample(7 * second, context), frames: [.code(3)])
        store.advance(to: 7 * second + 1)
        #expect(closed.withLock { $0 } == 2)
        store.nameAll()
        #expect(try store.profile(window(5, 6)).truth.samples == 1)
        #expect(try store.profile(window(6, 7)).samples.count == 1)
        #expect(store.extent.oldest == Int64(5 * second) + HeldTime.offset)
        #expect(store.extent.newest == Int64(7 * second) + HeldTime.offset)
    }

    /// A sample older than the open slot is counted, not lost.
    @Test func lateSamples() throws {
        let store = Store.roomy()
        let context = store.intern(.some(1))
        store.add(sample(9 * second, context), frames: [.code(1)])
        store.add(sample(2 * second, context, weight: 5), frames: [.code(2)])
        store.settle(to: 10 * second)
        let profile = try store.profile(window(9, 10))
        #expect(profile.truth.samples == 2)
        #expect(profile.samples.reduce(0) { $0 + $1.weight } == 6)
    }

    @Test func losses() throws {
        let store = Store.roomy()
        store.addLost(3, at: 4 * second + 5)
        store.addLost(4, at: 4 * second + 6)
        store.settle(to: 5 * second)
        #expect(try store.everything().truth.lost == 7)
    }

    /// Slots leave when all of them is older than the retention; nothing else does.
    @Test func retention() {
        let store = Store.roomy(retention: 3 * second)
        let context = store.intern(.some(1))
        for time in 1...20 as ClosedRange<UInt64> {
            store.add(sample(time * second, context), frames: [.code(Int(time))])
            store.settle(to: time * second + second)
            #expect(store.sizes.slots == Int(min(time, 3)))
        }
        #expect(store.extent.oldest == Int64(18 * second) + HeldTime.offset)
        #expect(store.maintenance.droppedForSpace == 0)
    }

    /// A full budget drops the oldest slots, says so, and keeps the newest answers right.
    @Test func budget() throws {
        let bytes = 400 << 10
        let budget = StageBudget(.store, bytes: bytes)
        let store = Store(retention: 3600 * second, budget: budget, time: HeldTime()) {}
        let context = store.intern(.some(1))
        for time in 1...200 as ClosedRange<UInt64> {
            for index in 0..<200 {
                store.add(sample(time * second, context), frames: [.code(Int(time) * 1000 + index), .code(index)])
            }
            store.settle(to: (time + 1) * second)
            #expect(budget.usedBytes <= bytes || store.sizes.slots == 1)
        }
        #expect(store.maintenance.droppedForSpace > 100)
        #expect(store.maintenance.droppedForSpace + UInt64(store.sizes.slots) == 200)
        #expect(try store.profile(window(200, 201)).truth.samples == 200)
        #expect(store.extent.oldest == Int64((201 - UInt64(store.sizes.slots)) * second) + HeldTime.offset)
    }

    @Test func errors() throws {
        let store = Store.roomy()
        #expect(store.extent == (0, 0))
        #expect(throws: QueryError.outsideHistory(oldest: 0, newest: 0)) { try store.everything() }
        let context = store.intern(.some(1, target: "web"))
        store.add(sample(5 * second, context), frames: [])
        store.advance(to: 6 * second)
        // Closed, but its names are not there yet.
        #expect(throws: QueryError.outsideHistory(oldest: 0, newest: 0)) { try store.everything() }
        store.nameAll()
        let extent = store.extent
        let outside = QueryError.outsideHistory(oldest: extent.oldest, newest: extent.newest)
        #expect(throws: outside) { try store.profile(window(1, 5)) }
        #expect(throws: outside) { try store.profile(window(6, 60)) }
        for text in ["unit:nginx.service", "pid:77", "exe:x", "container:0123456789ab", "nobody"] {
            let selector = try #require(TargetSelector(text))
            #expect(throws: QueryError.noSuchTarget(text)) { try store.everything(selector) }
        }
        #expect(try store.everything(.name("web")).truth.samples == 1)
        // Known, but not in the window: an empty profile.
        store.settle(to: 7 * second)
        #expect(try store.profile(window(6, 7, .name("web"))).samples.isEmpty)
    }

    /// Questions while the sampler adds: no answer is torn, and in the end nothing is missing.
    @Test func concurrentQuestions() async throws {
        let store = Store.roomy()
        let context = store.intern(.some(1))
        let torn = await withTaskGroup(of: Int.self) { group in
            group.addTask {
                for index in 0..<20_000 {
                    let time = second + UInt64(index) * 1_000_000
                    store.add(sample(time, context), frames: [.code(index % 50), .code(index % 7)])
                    if index % 250 == 249 { store.settle(to: time) }
                    if index % 5000 == 4999 { store.state.withLock { $0.compact() } }
                }
                return 0
            }
            for _ in 0..<3 {
                group.addTask {
                    var torn = 0
                    for _ in 0..<100 {
                        guard let profile = try? store.everything() else { continue }
                        let counted = profile.samples.reduce(0) { $0 + $1.count }
                        let whole = profile.samples.allSatisfy { Int($0.node) < profile.nodes.count }
                        if counted != profile.truth.samples || counted % 1000 != 0 || !whole { torn += 1 }
                        _ = store.targets()
                        _ = store.collect()
                    }
                    return torn
                }
            }
            return await group.reduce(0, +)
        }
        #expect(torn == 0)
        // While somebody reads, a slot may stay open until the next advance.
        store.settle(to: 1000 * second)
        let whole = try store.everything().truth.samples
        #expect(whole == 20_000)
    }
}
