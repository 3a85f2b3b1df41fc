import Model
import TestKit
import Testing

@testable import Sampler

/// The mappings of a process beside a map with an entry for each byte.
struct ProcessMapsTests {
    private struct Byte: Equatable {
        var module: UInt32
        var fileOffset: UInt64
    }

    @Test(arguments: 0..<60 as Range<UInt64>) func insertEqualsByteMap(seed: UInt64) {
        var generator = SeededGenerator(seed)
        let modules = (0..<5).map { Module.some($0) }
        var maps = ProcessMaps()
        var bytes: [UInt64: Byte] = [:]
        for _ in 0..<120 {
            let start = UInt64(generator.below(200))
            let end = start + UInt64(generator.below(generator.below(6) == 0 ? 150 : 12))
            let offset = UInt64(generator.below(1000))
            let module = modules[generator.below(5)]
            let taken = maps.insert(Mapping(range: start..<end, fileOffset: offset, module: module))
            #expect(taken == (start < end))
            for address in start..<end {
                bytes[address] = Byte(module: module.id.rawValue, fileOffset: offset + address - start)
            }
            check(maps, bytes)
        }
    }

    private func check(_ maps: ProcessMaps, _ bytes: [UInt64: Byte]) {
        var found: [UInt64: Byte] = [:]
        for address in 0..<360 as Range<UInt64> {
            guard let mapping = maps.mapping(at: address) else { continue }
            found[address] = Byte(
                module: mapping.module.id.rawValue, fileOffset: mapping.fileOffset + address - mapping.range.lowerBound)
        }
        #expect(found == bytes)
        let sorted = zip(maps.mappings, maps.mappings.dropFirst()).allSatisfy {
            $0.range.upperBound <= $1.range.lowerBound
        }
        #expect(sorted)
    }

    @Test func ends() {
        var maps = ProcessMaps()
        #expect(maps.mapping(at: 0) == nil)
        #expect(maps.neighbours(of: 5).isEmpty)
        maps.insert(Mapping(range: 0..<1, fileOffset: .max, module: .some(1)))
        maps.insert(Mapping(range: (.max - 1)..<(.max), fileOffset: .max, module: .some(2)))
        #expect(maps.mapping(at: 0)?.module.id.rawValue == 1)
        #expect(maps.mapping(at: .max - 1)?.module.id.rawValue == 2)
        #expect(maps.mapping(at: .max) == nil)
        maps.insert(Mapping(range: 0..<(.max), fileOffset: .max - 1, module: .some(3)))
        #expect(maps.mappings.count == 1)
        // The rest of a cut mapping counts its offset on from a hostile one.
        maps.insert(Mapping(range: 0..<100, fileOffset: 0, module: .some(4)))
        #expect(maps.mapping(at: 100)?.fileOffset == 98)
    }

    /// A program that maps code without end fills its own table only.
    @Test func limit() {
        var maps = ProcessMaps()
        let module = Module.some(1)
        for index in 0..<UInt64(ProcessMaps.maximumMappings) {
            maps.insert(Mapping(range: (index * 2)..<(index * 2 + 1), fileOffset: 0, module: module))
        }
        let isTaken = maps.insert(Mapping(range: 1 << 40..<2 << 40, fileOffset: 0, module: module))
        #expect(!isTaken)
        #expect(maps.mappings.count == ProcessMaps.maximumMappings)
    }

    @Test func neighboursAreNear() {
        var maps = ProcessMaps()
        for index in 0..<10 as Range<UInt64> {
            maps.insert(Mapping(range: (index * 100)..<(index * 100 + 10), fileOffset: 0, module: .some(1)))
        }
        #expect(maps.neighbours(of: 450).map(\.range.lowerBound) == [300, 400, 500, 600])
        #expect(maps.neighbours(of: 9999).map(\.range.lowerBound) == [800, 900])
    }
}
