import Binary
import Platform
import Runtimes
import TestKit
import Testing

/// The reader of Go's pc-line table against what `nm`, `readelf` and the linker's DWARF say of the same program.
@Suite struct PclnTabTests {
    static let programs: [KnownProgram] = [.go, .goPie]

    @Test("entries and names are those of nm", arguments: programs)
    func names(_ program: KnownProgram) throws {
        guard let built = try program.builtOrSkipped() else { return }
        let table = try #require(PclnTab(image: try openImage(built.path)))
        let symbols = try nm(built.path)
        #expect(table.count > 1000 && symbols.count > 1000)
        var missing = 0
        for index in 0..<table.count {
            let function = try #require(table.function(at: index))
            guard let names = symbols[function.entry] else {
                missing += 1
                continue
            }
            let name = try #require(table.name(of: function))
            #expect(
                names.contains { normalized($0) == normalized(name) }, "\(name) at \(function.entry): nm has \(names)")
            #expect(table.function(at: function.entry) == function)
            #expect(table.function(at: function.end - 1) == function)
        }
        // The linker leaves some generated helpers out of the symbol table.
        #expect(missing * 100 <= table.count, "\(missing) of \(table.count) are not in nm")
    }

    @Test("frame sizes are those of .debug_frame, row by row", arguments: programs)
    func frameSizes(_ program: KnownProgram) throws {
        guard let built = try program.builtOrSkipped() else { return }
        let table = try #require(PclnTab(image: try openImage(built.path)))
        var compared = 0, wrong: [String] = []
        for row in try debugFrameRows(built.path) {
            // A function that has popped its return address into a register (vfork) has no frame to size.
            guard row.offset >= 8, let function = table.function(at: row.pc) else { continue }
            guard let delta = table.stackDelta(at: row.pc, in: function) else {
                wrong.append("\(table.name(of: function) ?? "?") at \(row.pc): none, CFA is \(row.offset)")
                continue
            }
            compared += 1
            if delta + 8 != row.offset {
                wrong.append("\(table.name(of: function) ?? "?") at \(row.pc): \(delta), CFA is \(row.offset)")
            }
        }
        #expect(compared > 5000)
        #expect(wrong.isEmpty, "\(wrong.count) of \(compared): \(wrong.prefix(10))")
    }

    @Test("a stripped program's table says the same as the unstripped one's")
    func stripped() throws {
        guard let full = try KnownProgram.go.builtOrSkipped(), let bare = try KnownProgram.goStripped.builtOrSkipped()
        else { return }
        let table = try #require(PclnTab(image: try openImage(bare.path)))
        let truth = try nm(full.path).values.joined()
        let names = Set((0..<table.count).compactMap { table.function(at: $0).flatMap(table.name) })
        for name in ["main.work_a", "main.work_b", "main.work_c", "main.burn", "runtime.goexit"] {
            #expect(names.contains(name))
            #expect(truth.contains { $0.hasPrefix(name) })
        }
    }

    @Test("where stacks end, and where they change", arguments: programs)
    func ends(_ program: KnownProgram) throws {
        guard let built = try program.builtOrSkipped() else { return }
        let table = try #require(PclnTab(image: try openImage(built.path)))
        let functions = (0..<table.count).compactMap { table.function(at: $0) }
        func named(_ name: String) -> GoFunction? { functions.first { table.name(of: $0) == name } }
        for name in ["runtime.goexit", "runtime.mstart", "runtime.rt0_go"] {
            #expect(try #require(named(name)).isTopFrame, "\(name)")
        }
        for name in ["runtime.mcall", "runtime.systemstack", "runtime.morestack"] {
            let function = try #require(named(name))
            #expect(function.switchesStack && !function.isTopFrame, "\(name)")
        }
        let work = try #require(named("main.work_a"))
        #expect(!work.isTopFrame && !work.switchesStack)
        #expect(functions.count { $0.isTopFrame } < 20)
    }

    @Test("addresses outside of the text have no function; other programs have no table")
    func outside() throws {
        guard let built = try KnownProgram.go.builtOrSkipped() else { return }
        let table = try #require(PclnTab(image: try openImage(built.path)))
        let first = try #require(table.function(at: 0))
        let last = try #require(table.function(at: table.count - 1))
        #expect(table.function(at: first.entry - 1) == nil)
        #expect(table.function(at: last.end) == nil)
        #expect(table.function(at: UInt64.max) == nil && table.function(at: UInt64(0)) == nil)
        #expect(table.function(at: -1) == nil && table.function(at: table.count) == nil)
        #expect(table.stackDelta(at: last.end, in: last) == nil)
        #expect(PclnTab(image: try openImage("/bin/sh")) == nil)
    }

    @Test("a table with lies in it neither traps nor loops", arguments: 0..<8)
    func hostile(_ seed: Int) throws {
        guard let built = try KnownProgram.goStripped.builtOrSkipped() else { return }
        let original = try FileDescriptor.open(built.path).readAll()
        let section = try #require(try openImage(built.path).section(named: ".gopclntab"))
        var random = SplitMix(state: UInt64(seed) &+ 1)
        for round in 0..<24 {
            var bytes = original
            // Half of the rounds hit the header, half the whole section.
            let span = round % 2 == 0 ? 72 : section.size
            for _ in 0..<(round % 2 == 0 ? 3 : 20_000) {
                bytes[Int(section.fileOffset + random.next() % span)] = UInt8(truncatingIfNeeded: random.next())
            }
            guard let table = PclnTab(image: try ElfImage(bytes: bytes)) else { continue }
            for _ in 0..<200 {
                let pc = 0x401000 + random.next() % 0x80000
                guard let function = table.function(at: pc) else { continue }
                let delta = table.stackDelta(at: pc, in: function) ?? 0
                #expect(delta >= 0 && delta <= Int(Int32.max))
                #expect((table.name(of: function)?.utf8.count ?? 0) <= PclnTab.maximumName * 3)
            }
        }
    }

    // MARK: - Truth from other tools

    private func openImage(_ path: String) throws -> ElfImage {
        try ElfImage(file: try FileDescriptor.open(path), number: 1, cache: BlockCache())
    }

    private func nm(_ path: String) throws -> [UInt64: [String]] {
        var found: [UInt64: [String]] = [:]
        for line in try Command.output("nm", [path]).split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 2)
            guard fields.count == 3, let address = UInt64(fields[0], radix: 16) else { continue }
            found[address, default: []].append(String(fields[2]))
        }
        return found
    }

    /// The symbol table marks the calling convention and spells out type arguments, the pc-line table does not.
    private func normalized(_ name: String) -> String {
        var text = name.hasSuffix(".abi0") ? String(name.dropLast(5)) : name
        if let start = text.firstIndex(of: "["), let end = text.lastIndex(of: "]"), start < end {
            text.replaceSubrange(start...end, with: "[...]")
        }
        return text
    }

    /// Rows `pc, offset of the CFA from the stack pointer` of .debug_frame.
    private func debugFrameRows(_ path: String) throws -> [(pc: UInt64, offset: Int)] {
        try Command.output("readelf", ["--debug-dump=frames-interp", path]).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count >= 2, fields[0].count == 16, let pc = UInt64(fields[0], radix: 16),
                fields[1].hasPrefix("rsp+"), let offset = Int(fields[1].dropFirst(4))
            else { return nil }
            return (pc, offset)
        }
    }
}

/// Reproducible random numbers (Steele, Lea, Flood: SplitMix, 2014).
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &+ 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
