import Foundation
import Platform
import Testing

@testable import Binary

@Suite struct ElfMutationTests {
    /// Everything that can be asked of an image, as a checksum so that nothing is optimised away.
    private func askEverything(_ image: ElfImage) -> Int {
        var sum = image.buildID.count + (image.debugLink?.name.utf8.count ?? 0) + image.segments.count
        for index in 0..<min(image.sectionCount, 64) {
            guard let section = image.section(at: index) else { continue }
            sum &+= (image.name(of: section) ?? "").utf8.count
            sum &+= image.readWord(atFileOffset: section.fileOffset &+ section.size &- 4) == nil ? 0 : 1
        }
        sum &+= image.section(named: ".gnu_debugdata")?.index ?? 0
        for segment in image.segments {
            for address in [segment.address, segment.address &+ segment.fileSize &- 8, segment.address &- 1] {
                sum &+= image.readWord(atAddress: address) == nil ? 0 : 1
            }
            sum &+= image.address(ofFileOffset: segment.fileOffset) == nil ? 0 : 1
        }
        if let range = image.ehFrameHeader { sum &+= image.readUInt32(atAddress: range.address) == nil ? 0 : 1 }
        return sum
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func mutationsNeitherTrapNorLoop(seed: UInt64) throws {
        let fixture = try ElfFixture()
        let original = try fixture.bytes()
        let headers = Array(0..<64) + Array(64..<64 + 14 * 56) + Array(original.count - 2500..<original.count)
        var generator = SeededGenerator(seed: seed)
        var parsed = 0
        let start = ContinuousClock.now
        for _ in 0..<1500 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let position = headers.randomElement(using: &generator) ?? 0
                let values: [UInt8] = [0, 1, 0x7f, 0x80, 0xff, .random(in: 0...255, using: &generator)]
                for index in position..<min(position + [1, 2, 8].randomElement(using: &generator)!, bytes.count) {
                    bytes[index] = values.randomElement(using: &generator)!
                }
            }
            if Bool.random(using: &generator) {
                bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
            }
            guard let image = try? ElfImage(bytes: bytes) else { continue }
            #expect(askEverything(image) >= 0)
            parsed += 1
        }
        #expect(parsed > 100)
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test func fileThatIsCutWhileItIsReadHasNoMoreWords() throws {
        let fixture = try ElfFixture("-static")
        let image = try fixture.image()
        let end = image.fileSize
        #expect(image.readWord(atFileOffset: end - 8) != nil)
        let cut = unsafe truncate(fixture.path, 8192)
        #expect(cut == 0)
        #expect(image.readWord(atFileOffset: end / 2) == nil)
        #expect(image.readWord(atFileOffset: 8192 - 4) == nil)
        #expect(image.readWord(atFileOffset: 4096) != nil)
        #expect(image.bytes(atFileOffset: 4096, count: 8192) == nil)
        #expect(image.section(named: ".text") == nil)
    }
}
