import Platform
import Testing

@testable import Symbols

/// The answers out of a file are those of the index in memory, whatever the symbols are.
@Suite struct RangeFileTests {
    private struct Table: FunctionTable {
        let functions: [ElfFunction]
        let names: [[UInt8]]
        var count: Int { functions.count }

        func scanFunctions(until body: (ElfFunction) -> Bool) {
            for function in functions where body(function) { return }
        }

        func name(at reference: UInt32, limit: Int) -> [UInt8]? {
            Int(reference) < names.count ? Array(names[Int(reference)].prefix(limit)) : nil
        }
    }

    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    /// Functions with and without sizes that overlap, nest and share their starts, in two sections.
    private func table(_ count: Int, world: UInt64, _ numbers: inout Numbers) -> Table {
        let functions = (0..<count).map { index in
            let start = UInt64.random(in: 1...world, using: &numbers)
            let size = [0, UInt64.random(in: 1...12, using: &numbers), world / 5].randomElement(using: &numbers) ?? 0
            return ElfFunction(
                start: start, size: index % 50 == 0 ? size : size % 16,
                sectionEnd: start < world / 2 ? world / 2 : world,
                name: UInt32(index), rank: [4, 5, 6, 7].randomElement(using: &numbers) ?? 4)
        }
        return Table(functions: functions, names: functions.indices.map { Array("f\($0)".utf8) })
    }

    @Test("any symbols, cut into any number of pieces", arguments: 1...30 as ClosedRange<UInt64>)
    func sameAsInMemory(seed: UInt64) throws {
        var numbers = Numbers(state: seed &* 0x9e37_79b9_7f4a_7c15)
        let world = UInt64.random(in: 50...20_000, using: &numbers)
        let count = Int.random(in: 1...600, using: &numbers)
        let tables = [table(count, world: world, &numbers), table(count / 3, world: world, &numbers)]
        let index = try #require(ElfIndex.ranges(of: tables, limit: .max / 64))
        let chunk = Int.random(in: 60...700, using: &numbers)
        guard let file = ElfRangeFile.build(tables, file: try ScratchFile.make(), chunk: chunk) else {
            let pieces = AddressPieces(tables, limit: chunk)
            #expect(pieces == nil || count > chunk, "\(count) functions in pieces of \(chunk)")
            return
        }
        for address in (0...world + 10).shuffled(using: &numbers).prefix(3000) {
            let (range, name) = try #require(file.lookUp(address))
            #expect(name == index.lookUp(address).name, "at \(address)")
            #expect(range.contains(address))
            #expect(index.lookUp(range.upperBound - 1).name == name || range.upperBound > world)
        }
        #expect(file.byteCount < 64 + 8 * (2 * count / RangeFile.stride + 64))
    }

    @Test("a file that is full is given up and filled anew")
    func generations() throws {
        var numbers = Numbers(state: 5)
        let tables = [table(400, world: 5000, &numbers)]
        let scratch = try ScratchFile.make()
        let first = try #require(ElfRangeFile.build(tables, file: scratch))
        #expect(first.isThere && scratch.end > 0)
        #expect(scratch.makeRoom(for: ScratchFile.limit))
        #expect(!first.isThere && scratch.end == 0)
        #expect(first.lookUp(100) == nil)
        #expect(!scratch.makeRoom(for: ScratchFile.limit + 1))
        let again = try #require(ElfRangeFile.build(tables, file: scratch))
        #expect(again.lookUp(100)?.name == ElfIndex.ranges(of: tables, limit: 1000)?.lookUp(100).name)
    }

    @Test("symbols that lie closer together than the pieces can be are refused, not squeezed")
    func crowded() throws {
        let functions = (0..<1000).map {
            ElfFunction(start: 100, size: 4, sectionEnd: 200, name: UInt32($0), rank: 6)
        }
        let scratch = try ScratchFile.make()
        let tables = [Table(functions: functions, names: [])]
        #expect(ElfRangeFile.build(tables, file: scratch, chunk: 500) == nil)
        #expect(scratch.end == 0)
        #expect(ElfRangeFile.build([], file: scratch) == nil)
    }
}
