import TestKit
import Testing
import Unwinder

struct UnwindTableTests {
    private func header(
        version: UInt8 = 1, frame: UInt8 = 0x1b, count: UInt8 = 0x03, table: UInt8 = 0x3b, entries: UInt32 = 2
    ) -> [UInt8] {
        [version, frame, count, table] + .little(UInt32(0)) + .little(entries) + [UInt8](repeating: 0, count: 16)
    }

    private func read(_ bytes: [UInt8], size: UInt64? = nil) -> UnwindTable? {
        let image = FlatImage(address: 0x1000, bytes)
        return UnwindTable(header: 0x1000, size: size ?? UInt64(bytes.count), in: image)
    }

    @Test func good() throws {
        let table = try #require(read(header()))
        #expect(table.base == 0x1000)
        #expect(table.entries == 0x100c)
        #expect(table.entryCount == 2)
        #expect(table.index == nil)
    }

    @Test func otherLayouts() {
        #expect(read(header(version: 2)) == nil)
        #expect(read(header(frame: 0xff)) == nil)
        #expect(read(header(count: 0x0b)) == nil)
        #expect(read(header(table: 0x1b)) == nil)
        #expect(read(header(table: 0xff)) == nil)
    }

    /// A count that lies beyond the segment would lead into other data.
    @Test(arguments: [0, 3, 4, 0x8000_0000, 0xffff_ffff] as [UInt32]) func lyingCounts(_ count: UInt32) {
        #expect(read(header(entries: count)) == nil)
    }

    @Test(arguments: 0..<28 as Range<UInt64>) func tooSmall(_ size: UInt64) {
        #expect(read(header(), size: size) == nil)
    }

    /// A size that the file does not have is found when it is read.
    @Test func cutFile() {
        for length in 0..<16 { #expect(read(Array(header().prefix(length)), size: 28) == nil) }
        #expect(UnwindTable(header: .max - 3, size: .max, in: FlatImage(address: 0x1000, header())) == nil)
    }
}
