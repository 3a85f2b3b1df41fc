import Foundation
import Platform
import Testing

@testable import Binary

@Suite struct ElfImageTests {
    @Test func segmentsAreThoseThatReadelfPrints() throws {
        let fixture = try ElfFixture()
        let image = try fixture.image()
        let rows = try run("readelf", "-lW", fixture.path).split(separator: "\n").map { $0.split(separator: " ") }
        let loads = rows.filter { $0.first == "LOAD" }
        #expect(image.segments.count == loads.count)
        for (segment, row) in zip(image.segments, loads) {
            #expect(segment.fileOffset == hexadecimal(row[1]))
            #expect(segment.address == hexadecimal(row[2]))
            #expect(segment.fileSize == hexadecimal(row[4]))
            #expect(segment.memorySize == hexadecimal(row[5]))
            #expect(segment.executable == row[6...].joined().contains("E0x"))
        }
        let frames = try #require(rows.first { $0.first == "GNU_EH_FRAME" })
        #expect(image.ehFrameHeader == AddressRange(address: hexadecimal(frames[2]), size: hexadecimal(frames[5])))
        #expect(image.type == .sharedObject)
        #expect(image.hasInterpreter)
        #expect(image.machine == 62)
    }

    @Test func staticExecutableHasNoInterpreter() throws {
        let image = try ElfFixture("-static").image()
        #expect(image.type == .executable)
        #expect(!image.hasInterpreter)
    }

    @Test func sectionsAreFoundByName() throws {
        let fixture = try ElfFixture()
        let image = try fixture.image()
        let text = try run("readelf", "-SW", fixture.path)
        var compared = 0
        for line in text.split(separator: "\n") where line.contains("] .") {
            let columns = line.drop { $0 != "." }.split(separator: " ")
            let section = try #require(image.section(named: String(columns[0])), "\(columns[0])")
            #expect(section.address == hexadecimal(columns[2]))
            #expect(section.fileOffset == hexadecimal(columns[3]))
            #expect(section.size == hexadecimal(columns[4]))
            #expect(section.entrySize == hexadecimal(columns[5]))
            #expect(image.name(of: section) == String(columns[0]))
            compared += 1
        }
        #expect(compared > 20)
        #expect(image.section(named: ".tex") == nil)
        #expect(image.section(named: ".texts") == nil)
        #expect(image.section(ofType: ElfSection.typeSymbols)?.index == image.section(named: ".symtab")?.index)
    }

    @Test func buildIDIsFoundInSegmentsAndInSectionsAlone() throws {
        let fixture = try ElfFixture()
        let printed = try run("readelf", "-n", fixture.path)
        let id = try #require(
            printed.split(separator: "\n").first { $0.contains("Build ID") }?.split(separator: " ").last)
        #expect(try fixture.image().buildID.map { String(format: "%02x", $0) }.joined() == String(id))
        try run("gcc", "-c", "-o", "\(fixture.folder.path)/part.o", "\(fixture.folder.path)/small.c")
        try run(
            "ld", "-r", "--build-id=0x1234abcd", "-o", "\(fixture.folder.path)/all.o", "\(fixture.folder.path)/part.o")
        let object = try ElfImage(
            file: FileDescriptor.open("\(fixture.folder.path)/all.o"), number: 1, cache: BlockCache())
        #expect(object.segments.isEmpty)
        #expect(object.buildID == [0x12, 0x34, 0xab, 0xcd])
    }

    @Test func debugLinkHasNameAndChecksum() throws {
        let fixture = try ElfFixture()
        try run("objcopy", "--only-keep-debug", fixture.path, "\(fixture.folder.path)/small.debug")
        try run("objcopy", "--add-gnu-debuglink=\(fixture.folder.path)/small.debug", fixture.path)
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(fixture.folder.path)/small.debug"))
        #expect(try fixture.image().debugLink == DebugLink(name: "small.debug", crc: crc32([UInt8](data))))
    }

    @Test func wordsAtAddressesAreThoseOfTheFile() throws {
        let fixture = try ElfFixture("-static")
        let bytes = try fixture.bytes()
        let image = try fixture.image()
        let memory = try ElfImage(bytes: bytes)
        var generator = SeededGenerator(seed: 11)
        for segment in image.segments where segment.fileSize > 8 {
            for _ in 0..<2000 {
                let within = UInt64.random(in: 0...(segment.fileSize - 8), using: &generator)
                let start = Int(segment.fileOffset + within)
                let expected = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) }
                #expect(image.readWord(atAddress: segment.address + within) == expected)
                #expect(memory.readWord(atAddress: segment.address + within) == expected)
                #expect(image.readByte(atAddress: segment.address + within) == bytes[start])
                #expect(image.readUInt16(atAddress: segment.address + within) == UInt16(truncatingIfNeeded: expected))
                #expect(image.readUInt32(atAddress: segment.address + within) == UInt32(truncatingIfNeeded: expected))
            }
            #expect(image.readWord(atAddress: segment.address + segment.fileSize - 7) == nil)
        }
        #expect(image.readWord(atAddress: 0) == nil)
        #expect(image.readWord(atAddress: .max) == nil)
        #expect(image.readWord(atFileOffset: UInt64(bytes.count) - 7) == nil)
        #expect(image.readWord(atFileOffset: .max) == nil)
        #expect(image.readWord(atFileOffset: .max - 7) == nil)
    }

    @Test func wordsAcrossBlocksAndRangesOfAnySize() throws {
        let fixture = try ElfFixture("-static")
        let bytes = try fixture.bytes()
        let image = try fixture.image(cache: BlockCache(bytes: 8192))
        for start in 4080..<4100 {
            let expected = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) }
            #expect(image.readWord(atFileOffset: UInt64(start)) == expected)
        }
        for count in [0, 1, 17, 4095, 4096, 4097, 20_000] {
            #expect(image.bytes(atFileOffset: 4000, count: count) == Array(bytes[4000..<4000 + count]))
        }
        #expect(image.bytes(atFileOffset: UInt64(bytes.count) - 4, count: 5) == nil)
        #expect(image.bytes(atFileOffset: 0, count: .max) == nil)
    }

    @Test func addressesAndOffsetsAreInverse() throws {
        let image = try ElfFixture().image()
        for segment in image.segments where segment.fileSize > 0 {
            #expect(image.fileOffset(ofAddress: segment.address) == segment.fileOffset)
            let last = segment.address + segment.fileSize - 1
            #expect(image.fileOffset(ofAddress: last) == segment.fileOffset + segment.fileSize - 1)
        }
        let code = try #require(image.segments.first { $0.executable })
        #expect(image.address(ofFileOffset: code.fileOffset) == code.address)
        #expect(image.address(ofFileOffset: 1 << 40) == nil)
    }

    @Test func whatIsNoElfIsRefusedByName() throws {
        let bytes = try ElfFixture().bytes()
        func changed(_ index: Int, _ value: UInt8) -> [UInt8] {
            var copy = bytes
            copy[index] = value
            return copy
        }
        #expect(throws: ElfError.truncatedHeader) { try ElfImage(bytes: []) }
        #expect(throws: ElfError.truncatedHeader) { try ElfImage(bytes: Array(bytes[0..<40])) }
        #expect(throws: ElfError.notElf) { try ElfImage(bytes: [UInt8](repeating: 65, count: 100)) }
        #expect(throws: ElfError.unsupported("not 64-bit (class 1)")) { try ElfImage(bytes: changed(4, 1)) }
        #expect(throws: ElfError.unsupported("not little-endian (data 2)")) { try ElfImage(bytes: changed(5, 2)) }
        #expect(throws: ElfError.programHeaderSize(57)) { try ElfImage(bytes: changed(54, 57)) }
        #expect(throws: ElfError.tooManyProgramHeaders(0xff00 + Int(bytes[56]))) {
            try ElfImage(bytes: changed(57, 0xff))
        }
        #expect(throws: ElfError.programHeaderOutsideFile(index: 1)) { try ElfImage(bytes: Array(bytes[0..<170])) }
    }

    private func hexadecimal(_ text: some StringProtocol) -> UInt64 {
        UInt64(text.hasPrefix("0x") ? String(text.dropFirst(2)) : String(text), radix: 16) ?? .max
    }

    /// The definition, bit by bit.
    private func crc32(_ bytes: [UInt8]) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 {
                let carry: UInt32 = sum & 1 == 1 ? 0xedb8_8320 : 0
                sum = (sum >> 1) ^ carry
            }
        }
        return ~sum
    }
}
