import Model
import Testing

@testable import hearthd

/// What waits for its lines.
struct NamerQueueTests {
    private func frames(_ range: Range<UInt64>) -> [(address: UInt64, name: FrameName)] {
        range.map { ($0, .lines([SourceLine(function: "f\($0)", systemName: "f\($0)")])) }
    }

    @Test func theModuleThatTookLeastComesFirst() {
        var queue = LineQueue()
        let (one, two) = (ModuleID(rawValue: 20), ModuleID(rawValue: 21))
        queue.add(one, frames(0..<600))
        queue.add(two, frames(0..<10))
        #expect(queue.count == 610)
        let first = queue.next()
        #expect(first?.module == one && first?.frames.map(\.address) == Array(0..<600))
        queue.charge(one, 5000)
        queue.add(one, frames(256..<600))
        #expect(queue.next()?.module == two)
        queue.charge(two, 6000)
        queue.add(two, frames(20..<21))
        #expect(queue.next()?.frames.count == 344)
        #expect(queue.next()?.frames.map(\.address) == [20])
        #expect(queue.next() == nil && queue.count == 0 && queue.dropped == 0)
    }

    @Test func aFullQueueDropsAndCounts() {
        var queue = LineQueue()
        queue.add(ModuleID(rawValue: 20), frames(0..<UInt64(LineQueue.maximum) + 5))
        #expect(queue.count == LineQueue.maximum && queue.dropped == 5)
        queue.add(ModuleID(rawValue: 21), frames(0..<3))
        #expect(queue.count == LineQueue.maximum && queue.dropped == 8)
    }

    @Test func onlyWhatDwarfMayKnowWaits() {
        var queue = LineQueue()
        let located = SourceLine(function: "f", systemName: "f", file: "/a.c", line: 3)
        queue.add(
            ModuleID(rawValue: 20),
            [(1, .lines([located])), (2, .unnamed(.fileGone)), (3, .unnamed(.stripped)), (4, .unnamed(.quarantined))])
        #expect(queue.next()?.frames.map(\.address) == [3])
        #expect(queue.next() == nil)
    }
}
