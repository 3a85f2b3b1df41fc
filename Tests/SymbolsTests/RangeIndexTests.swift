import Testing

@testable import Symbols

@Suite struct RangeIndexTests {
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    /// Any overlaps, in a world of 200 addresses.
    private func candidates(_ numbers: inout Numbers) -> [SymbolCandidate] {
        let count = Int.random(in: 0...25, using: &numbers)
        return (0..<count).map { index in
            let start = UInt64.random(in: 1..<200, using: &numbers)
            let size = UInt64.random(in: 0...(index % 3 == 0 ? 150 : 12), using: &numbers)
            return SymbolCandidate(start: start, end: start + size, priority: UInt32(index), name: UInt32(index))
        }.shuffled(using: &numbers)
    }

    private func winner(_ all: [SymbolCandidate], _ address: UInt64) -> UInt32 {
        all.filter { $0.start <= address && address < $0.end }.max { $0.priority < $1.priority }?.name
            ?? RangeIndex.hole
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func flatteningIsWhatTheDefinitionSays(seed: UInt64) {
        var numbers = Numbers(state: seed &* 0x9e37_79b9_7f4a_7c15)
        for _ in 0..<50 {
            let all = candidates(&numbers)
            let index = RangeIndex(sorted: all.sorted { $0.start < $1.start })
            var scan = BatchScan(addresses: Array(0...400), order: .latest)
            for candidate in all { scan.offer(candidate) }
            let scanned = scan.answers()
            for address in 0...400 as ClosedRange<UInt64> {
                let (range, name) = index.lookUp(address)
                #expect(name == winner(all, address))
                #expect(range.contains(address))
                #expect(scanned[Int(address)].name == name)
                #expect(scanned[Int(address)].range.contains(address))
            }
            #expect(index.count <= 2 * all.count + 1)
            let again = RangeIndex(sorted: index.candidates(priority: 0))
            for address in 0...400 as ClosedRange<UInt64> {
                #expect(again.lookUp(address).name == index.lookUp(address).name)
            }
        }
    }

    @Test func rangesOfAnswersHoldOneNameEach() {
        var numbers = Numbers(state: 77)
        for _ in 0..<200 {
            let all = candidates(&numbers)
            let addresses = Set((0..<20).map { _ in UInt64.random(in: 0..<350, using: &numbers) }).sorted()
            var scan = BatchScan(addresses: addresses, order: .latest)
            for candidate in all { scan.offer(candidate) }
            for answer in scan.answers() {
                for address in answer.range.lowerBound..<min(answer.range.upperBound, 400) {
                    #expect(winner(all, address) == answer.name)
                }
            }
        }
    }

    @Test func theEdgesOfTheAddressSpace() {
        let top = SymbolCandidate(start: .max - 10, end: .max, priority: 1, name: 5)
        let index = RangeIndex(sorted: [SymbolCandidate(start: 0, end: 4, priority: 0, name: 3), top])
        #expect(index.lookUp(0).name == 3)
        #expect(index.lookUp(4).name == RangeIndex.hole)
        #expect(index.lookUp(.max - 10).name == 5)
        #expect(index.lookUp(.max).name == RangeIndex.hole)
        #expect(RangeIndex(sorted: []).lookUp(7).range == 0..<UInt64.max)
    }
}
