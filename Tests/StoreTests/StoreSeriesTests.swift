import Model
import TestKit
import Testing

@testable import Store

@Suite struct StoreSeriesTests {
    /// Two targets: `a` uses one CPU in f1 → f2, `b` half of one in f3.
    private func store() -> Store {
        let store = Store.roomy()
        let a = store.intern(.some(1, target: "a"))
        let b = store.intern(.some(2, target: "b"))
        for index in 0..<10 {
            let time = (1000 + UInt64(index)) * second
            let caller: [FrameKey] = index < 5 ? [.code(2), .code(1)] : [.code(1)]
            store.add(WalkedSample(kind: .cpu, time: time, context: a, end: .complete, weight: 1e9), frames: caller)
            store.add(WalkedSample(kind: .cpu, time: time, context: b, end: .complete, weight: 5e8), frames: [.code(3)])
            if index == 3 { store.addLost(7, at: time) }
            store.settle(to: time + second)
        }
        return store
    }

    private func values(
        _ store: Store, _ name: SeriesName, _ scope: SeriesQuery.Scope, function: String? = nil
    ) throws -> [String: [Double?]] {
        let start = HeldTime.offset + Int64(1000 * second)
        let query = SeriesQuery(
            name: name, scope: scope, filter: ProfileFilter(function: function.flatMap { NamePattern($0) }),
            from: start, to: start + Int64(12 * second))
        return Dictionary(uniqueKeysWithValues: try store.series(query).rows.map { ($0.target, $0.values) })
    }

    @Test func eachTargetHasItsRow() throws {
        let rows = try values(store(), .cpu, .eachTarget)
        let recorded = [Double?](repeating: 1, count: 10) + [nil, nil]
        #expect(rows == ["a": recorded, "b": recorded.map { $0.map { $0 / 2 } }])
    }

    @Test func oneFunctionCountsWithWhatItCalls() throws {
        let store = store()
        let half: [Double?] = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, nil, nil]
        #expect(try values(store, .cpu, .selected(.all), function: "f2") == ["all": half])
        let always = [Double?](repeating: 1, count: 10) + [nil, nil]
        #expect(try values(store, .cpu, .selected(.name("a")), function: "f1") == ["a": always])
        #expect(try values(store, .cpu, .selected(.name("b")), function: "f1")["b"]?.first == 0)
    }

    @Test func samplesAndLossesAreRates() throws {
        let store = store()
        #expect(try values(store, .samples, .selected(.all))["all"]?.first == 2)
        #expect(try values(store, .lost, .selected(.name("a"))) == ["all": [0, 0, 0, 7, 0, 0, 0, 0, 0, 0, nil, nil]])
    }

    @Test func theRingKeepsTheNewestEvents() {
        let ring = EventRing()
        for index in 0..<(EventRing.capacity + 5) {
            ring.note(HostEvent(time: Int64(index), kind: .exec, target: index % 2 == 0 ? "a" : "b", text: "\(index)"))
        }
        let all = ring.events(EventQuery(from: 0, to: .max))
        #expect(all.count == EventQuery.mostEvents)
        #expect(all.first?.time == Int64(EventRing.capacity + 4))
        #expect(ring.events(EventQuery(from: 0, to: 5)).isEmpty)
        let some = ring.events(EventQuery(target: "a", from: 5, to: 10))
        #expect(some.map(\.time) == [8, 6])
    }

    @Test func textsOfProgramsAreCut() {
        let ring = EventRing()
        ring.note(HostEvent(time: 1, kind: .exec, text: String(repeating: "ä", count: 10_000)))
        #expect(ring.events(EventQuery(from: 0, to: 2))[0].text.utf8.count <= EventRing.longestText + 3)
    }
}
