import TestKit
import Testing
import Unwinder

/// The index of `.eh_frame` beside what binutils reads in the same file.
struct EhFrameIndexTests {
    private struct Section {
        var address: UInt64
        var bytes: [UInt8]
    }

    private func section(_ name: String, of file: String) throws -> Section {
        let listing = try Command.output("readelf", ["-SW", file])
        let line = try #require(listing.split(separator: "\n").first { $0.contains(" \(name) ") })
        let fields = line.split(separator: "]")[1].split(separator: " ")
        let numbers = try fields[2...4].map { try #require(UInt64($0, radix: 16)) }
        let bytes = try FileReader.bytes(file, at: numbers[1], count: Int(numbers[2]))
        return Section(address: numbers[0], bytes: bytes)
    }

    /// (code, FDE) pairs as offsets from the section, sorted; those of `readelf --debug-dump=frames`.
    private func truth(_ file: String, _ section: Section) throws -> [Pair] {
        var pairs: [Pair] = []
        var isEhFrame = false
        // Its status is 1 where a separate debug file is named and missing; the frames are printed all the same.
        let readelf = try ExternalTool.find("readelf").get()
        let listing = try Command.run(readelf, ["--debug-dump=frames", "-W", file])
        for line in listing.output.split(separator: "\n") {
            if line.hasPrefix("Contents of the ") { isEhFrame = line.contains(".eh_frame section") }
            guard isEhFrame, line.contains(" FDE "), let range = line.firstRange(of: "pc=") else { continue }
            let code = try #require(UInt64(line[range.upperBound...].prefix { $0 != "." }, radix: 16))
            let fde = try #require(Int64(line.prefix { $0 != " " }, radix: 16))
            pairs.append(Pair(code: Int64(bitPattern: code &- section.address), fde: fde))
        }
        return pairs.sorted()
    }

    private struct Pair: Hashable, Comparable {
        var code: Int64
        var fde: Int64
        static func < (one: Pair, other: Pair) -> Bool { (one.code, one.fde) < (other.code, other.fde) }
    }

    private func pairs(_ index: EhFrameIndex) -> [Pair] {
        index.words.map {
            Pair(code: Int64(Int32(truncatingIfNeeded: $0)), fde: Int64(Int32(truncatingIfNeeded: $0 >> 32)))
        }
    }

    private func check(_ file: String) throws {
        let section = try section(".eh_frame", of: file)
        let image = FlatImage(address: section.address, section.bytes, padding: 8)
        let size = UInt64(section.bytes.count)
        let index = try #require(EhFrameIndex(address: section.address, size: size, in: image))
        let found = pairs(index)
        #expect(found.map(\.code) == found.map(\.code).sorted())
        let truth = try truth(file, section)
        #expect(truth.count > 100)
        #expect(found.sorted() == truth)
    }

    private func staticProgram() throws -> (TemporaryDirectory, String) {
        let folder = try TemporaryDirectory()
        try folder.write(Array("#include <stdio.h>\nint main(void) { return puts(\"x\"); }\n".utf8), to: "m.c")
        let file = folder.appending("m")
        _ = try Command.output("gcc", ["-O2", "-static", folder.appending("m.c"), "-o", file])
        return (folder, file)
    }

    @Test func staticBinary() throws {
        let (folder, file) = try staticProgram()
        try withExtendedLifetime(folder) { try check(file) }
    }

    @Test(arguments: ["/lib/x86_64-linux-gnu/libc.so.6", "/lib/x86_64-linux-gnu/libstdc++.so.6"])
    func libraries(_ file: String) throws { try check(file) }

    /// Bytes of the program changed at random: whatever comes out, it comes out, and lies inside of the section.
    @Test func mutations() throws {
        let (folder, file) = try staticProgram()
        let section = try withExtendedLifetime(folder) { try self.section(".eh_frame", of: file) }
        // The CIEs and the first records are where the decisions are.
        let start = Array(section.bytes.prefix(2048))
        for seed in 0..<2000 as Range<UInt64> {
            var generator = SeededGenerator(seed)
            let bytes = generator.mutated(start)
            let image = FlatImage(address: section.address, bytes, padding: generator.below(9))
            let size = generator.below(4) == 0 ? generator.next() : UInt64(bytes.count)
            guard let index = EhFrameIndex(address: section.address, size: size, in: image) else { continue }
            #expect(index.words.count <= bytes.count / 8)
            #expect(pairs(index).allSatisfy { $0.fde >= 0 && $0.fde < Int64(bytes.count) })
        }
    }

    /// Sizes and addresses at the end of the number range.
    @Test func edges() {
        for address in [0, 8, .max - 7, .max] as [UInt64] {
            for size in [0, 7, 8, .max] as [UInt64] {
                let image = FlatImage(address: address, [UInt8](repeating: 0xff, count: 64))
                #expect(EhFrameIndex(address: address, size: size, in: image) == nil)
            }
        }
    }
}
