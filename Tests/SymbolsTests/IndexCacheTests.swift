import Testing

@testable import Symbols

@Suite struct IndexCacheTests {
    private func entry(_ ranges: Int) -> IndexEntry {
        let candidates: [SymbolCandidate] = (0..<UInt32(ranges)).map { number in
            let start = UInt64(number) * 10
            return SymbolCandidate(start: start, end: start + 10, priority: 1, name: number)
        }
        return .elf(ElfIndex(layers: ElfLayers(places: []), ranges: .inMemory(RangeIndex(sorted: candidates))))
    }

    @Test func entriesStayWithinTheBudgetAndTheOldestGoes() throws {
        // The allocator may round one array up further than another.
        var cache = IndexCache(
            budget: 5 * entry(100).byteCount + entry(100).byteCount / 2, scratch: try ScratchFile.make())
        for module in 0..<5 as Range<UInt64> { cache.insert(entry(100), for: module) }
        _ = cache.entry(for: 0)
        cache.insert(entry(100), for: 9)
        #expect(cache.entry(for: 1) == nil)
        #expect(cache.entry(for: 0) != nil)
        #expect(cache.byteCount <= cache.budget)
        cache.insert(entry(100_000), for: 10)
        #expect(cache.entry(for: 10) == nil)
        #expect(cache.entry(for: 0) != nil)
        cache.insert(entry(10), for: 0)
        for module in 0...10 as ClosedRange<UInt64> { cache.remove(module) }
        #expect(cache.byteCount == 0)
    }

    @Test func thereIsRoomOnlyBesideWhatIsInUse() throws {
        let size = entry(100).byteCount
        var cache = IndexCache(budget: 2 * size + size / 2, scratch: try ScratchFile.make())
        #expect(cache.hasRoom(for: 2 * size))
        cache.insert(entry(100), for: 1)
        cache.insert(entry(100), for: 2)
        #expect(!cache.hasRoom(for: size))
        for _ in 0..<300 { _ = cache.entry(for: 2) }
        #expect(cache.hasRoom(for: size))
        #expect(!cache.hasRoom(for: 2 * size))
    }
}
