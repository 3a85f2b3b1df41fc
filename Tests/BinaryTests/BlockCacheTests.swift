import Platform
import Testing

@testable import Binary

@Suite struct BlockCacheTests {
    private func file(_ folder: TemporaryFolder, _ name: String, blocks: Int, fill: (Int) -> UInt8) throws -> ByteSource
    {
        let bytes = (0..<blocks * 4096).map { fill($0 / 4096) }
        return .file(try FileDescriptor.open(try folder.write(bytes, to: name)))
    }

    @Test func imagesDoNotSeeEachOther() throws {
        let folder = try TemporaryFolder()
        let first = try file(folder, "a", blocks: 40) { UInt8($0) }
        let second = try file(folder, "b", blocks: 40) { UInt8($0 + 100) }
        let cache = BlockCache(bytes: 5 * 8192)
        #expect(cache.capacityBytes == 4 * 8192)
        var generator = SeededGenerator(seed: 3)
        var hint = 0
        for _ in 0..<5000 {
            let block = UInt64.random(in: 0..<40, using: &generator)
            let image = UInt32.random(in: 1...2, using: &generator)
            let found =
                image == 1
                ? cache.slot(image: 1, block: block, hint: hint, source: first)
                : cache.slot(image: 2, block: block, hint: hint, source: second)
            hint = try #require(found)
            #expect(cache.load(slot: hint, offset: 4095, as: UInt8.self) == UInt8(block) + (image == 1 ? 0 : 100))
        }
        #expect(cache.hits + cache.misses == 5000)
        #expect(cache.hits > 100)
    }

    @Test func blocksThatFitAreReadOnce() throws {
        let folder = try TemporaryFolder()
        let source = try file(folder, "a", blocks: 2) { UInt8($0) }
        let cache = BlockCache(bytes: 1 << 20)
        for _ in 0..<100 {
            for block in 0..<2 as Range<UInt64> {
                #expect(cache.slot(image: 9, block: block, hint: 0, source: source) != nil)
            }
        }
        #expect(cache.misses == 2)
        #expect(cache.hits == 198)
    }

    @Test func blocksBeyondTheEndAreAbsent() throws {
        let folder = try TemporaryFolder()
        let source = try file(folder, "a", blocks: 1) { _ in 1 }
        let cache = BlockCache(bytes: 8192)
        #expect(cache.slot(image: 1, block: 1, hint: 0, source: source) == nil)
        #expect(cache.slot(image: 1, block: 1 << 40, hint: 0, source: source) == nil)
        #expect(cache.slot(image: 1, block: .max, hint: 0, source: source) == nil)
        #expect(cache.slot(image: .max, block: 0xffff_ffff, hint: 0, source: source) == nil)
    }
}
