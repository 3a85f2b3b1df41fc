import Binary
import Foundation
import Glibc
import Model
import Platform
import TestKit
import Testing

@testable import Symbols

/// Where DWARF comes from, what is absent and how little it may cost.
@Suite struct LineSourceTests {
    private func chains(_ shop: Workshop, _ files: ModuleFiles? = nil) throws -> (Question, [UInt64: [String]]) {
        let question = try Question(shop, limit: 500, files: files)
        return (question, question.found.mapValues { $0.map { "\($0.systemName) \($0.place)" } })
    }

    @Test func aDebugFileOrPackedSectionsAnswerLikeTheProgram() throws {
        let shop = try Workshop()
        guard try InlinedProgram.cxx.build(shop) else { return }
        let (whole, truth) = try chains(shop)
        #expect(whole.inlined > 100)
        try shop.run("sh", "-c", "cp program full && objcopy --compress-debug-sections=zlib program")
        let (packed, same) = try chains(shop)
        #expect(packed.symbolizer.crashes.value == 0)
        #expect(same == truth)
        try shop.run("objcopy", "--compress-debug-sections=zlib-gnu", "full", "program")
        #expect(try chains(shop).1 == truth)
        try shop.run("sh", "-c", "objcopy --only-keep-debug full full.debug && objcopy --strip-debug full program")
        #expect(try chains(shop, shop.module("program", debugFiles: ["full.debug"])).1 == truth)
        let (none, empty) = try chains(shop)
        #expect(empty.isEmpty)
        // Known of the whole module after the first question.
        #expect(none.symbolizer.lineResults.count(.noDebugInfo) == UInt64(none.addresses.count))
        #expect(none.symbolizer.lineResults.count(.found) == 0)
    }

    @Test func aDamagedStreamOrAnUnknownPackingIsAbsentAndCounted() throws {
        let shop = try Workshop()
        guard try InlinedProgram.cxx.build(shop) else { return }
        try shop.run("objcopy", "--compress-debug-sections=zlib", "program")
        let image = try shop.image("program")
        let section = try #require(image.section(named: ".debug_info"))
        let path = "\(shop.path)/program"
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for (place, byte, result) in [(0, 2, LineResult.packing), (8, 1, .malformed), (600, 0xff, .malformed)] {
            var damaged = whole
            let start = Int(section.fileOffset) + place
            for position in start..<start + (place == 600 ? 64 : 1) { damaged[position] = UInt8(byte) }
            try damaged.write(to: URL(fileURLWithPath: path))
            let question = try Question(shop, limit: 50)
            #expect(question.found.isEmpty && question.symbolizer.crashes.value == 0)
            #expect(question.symbolizer.lineResults.count(result) > 0, "\(place)")
        }
    }

    @Test func whatIsInOtherFilesIsAbsentAndCounted() throws {
        let shop = try Workshop()
        guard try InlinedProgram.cxx.build(shop, "-gsplit-dwarf") else { return }
        let split = try Question(shop, limit: 300)
        #expect(split.found.isEmpty)
        #expect(split.symbolizer.lineResults.count(.split) > 200)
        guard isInstalled("dwz"), try InlinedProgram.cxx.build(shop) else { return }
        try shop.run("sh", "-c", "cp program other && dwz -m shared.debug program other")
        let shared = try Question(shop, limit: 300)
        #expect(shared.symbolizer.lineResults.count(.alternate) > 50)
        #expect(shared.symbolizer.crashes.value == 0)
    }

    @Test func smallSlicesOfTimeLeadToTheSameAnswers() throws {
        let shop = try Workshop()
        guard try InlinedProgram.cxx.build(shop) else { return }
        let (_, truth) = try chains(shop)
        let slow = try Question(shop, limit: 500, cpuLimit: 2_000_000)
        #expect(slow.found.mapValues { $0.map { "\($0.systemName) \($0.place)" } } == truth)
        let image = try shop.image("program")
        let frames = try slow.addresses.map {
            (address: try #require(image.fileOffset(ofAddress: $0)), name: FrameName.unnamed(.stripped))
        }
        let symbolizer = makeSymbolizer()
        let nothing = symbolizer.locate(
            module: .firstDynamic, source: try shop.module("program"), frames: frames, cpuLimit: 0)
        #expect(nothing.names.isEmpty && nothing.later.count >= truth.count && nothing.later.count <= frames.count)
    }

    @Test func linesAreRememberedAndNamesComeWithThem() throws {
        let shop = try Workshop()
        guard try InlinedProgram.cxx.build(shop) else { return }
        let question = try Question(shop, limit: 300)
        let image = try shop.image("program")
        let (address, chain) = try #require(question.found.first { $0.value.count > 2 })
        let offset = try #require(image.fileOffset(ofAddress: address))
        kill(question.symbolizer.childPID, SIGKILL)
        let names = question.symbolizer.symbolize(
            module: .firstDynamic, source: try shop.module("program"), addresses: [offset])
        #expect(names == [.lines(chain)])
        #expect(question.symbolizer.crashes.value == 0)
    }

    @Test func aModuleThatTakesTooLongIsGivenUp() {
        var cache = LineCache()
        let module = ModuleID.firstDynamic
        cache.charge(module, 600, limit: 1000)
        #expect(cache.refusal(of: module) == nil)
        cache.charge(module, 600, limit: 1000)
        #expect(cache.refusal(of: module) == .budget)
        let line = LocatedLine(function: "inner function", systemName: "_inner", file: "/a/file/name.c", line: 3)
        let named = FrameName.lines([SourceLine(function: "outer.cold", systemName: "outer.cold")])
        let outer = LocatedLine(function: "outer", systemName: "outer", file: "/b.c", line: 9)
        for address in 0..<1000 as Range<UInt64> { _ = cache.insert([line, outer], module, address, named) }
        #expect(
            cache.complete(named, module, 5)
                == .lines([
                    SourceLine(function: "inner function", systemName: "_inner", file: "/a/file/name.c", line: 3),
                    SourceLine(function: "outer.cold", systemName: "outer.cold", file: "/b.c", line: 9),
                ]))
        #expect(cache.byteCount > 100_000)
        cache.shrink(to: 50_000)
        #expect(cache.byteCount <= 50_000)
        #expect(cache.complete(named, module, 5) == named)
    }
}

/// DWARF that is damaged or made to hurt: the child may be lost, names and the daemon never.
@Suite struct HostileDwarfTests {
    @Test func aChildThatDiesOverLinesCostsLinesOnly() throws {
        let shop = try Workshop()
        guard try InlinedProgram.cxx.build(shop) else { return }
        let symbolizer = makeSymbolizer()
        let files = try shop.module("program")
        let image = try shop.image("program")
        let offset = try #require(image.section(named: ".text")).fileOffset
        let names = symbolizer.symbolize(module: .firstDynamic, source: files, addresses: [offset])
        let pid = symbolizer.childPID
        kill(pid, SIGSTOP)
        let killer = Thread {
            usleep(100_000)
            kill(pid, SIGKILL)
        }
        killer.start()
        let frames = [(address: offset, name: names[0])]
        let lost = symbolizer.locate(module: .firstDynamic, source: files, frames: frames, cpuLimit: 1_000_000)
        #expect(lost.names.isEmpty && lost.later.isEmpty)
        #expect(symbolizer.crashes.value == 1 && symbolizer.quarantines.value == 1)
        let again = symbolizer.locate(module: .firstDynamic, source: files, frames: frames, cpuLimit: 1_000_000)
        #expect(again.names.isEmpty && again.later.isEmpty)
        #expect(symbolizer.lineResults.count(.quarantined) == 2)
        let more = symbolizer.symbolize(module: .firstDynamic, source: files, addresses: [offset, offset + 900])
        #expect(more[0] == names[0] && more[1].reason != .quarantined && more[1].reason != .pending)
        #expect(symbolizer.starts.value == 2)
    }

    @Test(arguments: ["CYCLE", "DEEP", "ABBREVIATIONS", "RANGES", "CHILDREN"])
    func trapsNeitherHangNorHurt(_ trap: String) throws {
        let shop = try Workshop()
        let source = ProgramFolders.sources + "/inlined/hostile.S"
        try shop.run("gcc", "-D\(trap)", source, "-o", "program")
        let symbolizer = makeSymbolizer()
        let clock = ContinuousClock()
        let start = clock.now
        let image = try shop.image("program")
        let main = try #require(try KnownFunction.list(shop, "program").first { $0.names.contains("main") })
        let addresses = (0..<300).map { main.address + 2 + $0 * 8 }
        let chains = try symbolizer.chains(
            shop.module("program"), image, addresses, cpuLimit: 50_000_000)
        #expect(clock.now - start < .seconds(30))
        #expect(symbolizer.lineCPUNanoseconds.value < 4_000_000_000)
        #expect(chains.values.allSatisfy { $0.count <= 65 })
        let names = symbolizer.symbolize(
            module: .firstDynamic, source: try shop.module("program"),
            addresses: [image.fileOffset(ofAddress: main.address + 1) ?? 0])
        #expect(names[0].systemName == "main")
        #expect(symbolizer.childResidentBytes < 64 << 20)
    }

    @Test(arguments: [31, 32] as [UInt64])
    func damagedSectionsNeverHang(seed: UInt64) throws {
        let shop = try Workshop()
        guard try InlinedProgram.cxx.build(shop) else { return }
        let original = try shop.bytes(of: "program")
        let image = try shop.image("program")
        let sections = [".debug_info", ".debug_abbrev", ".debug_line", ".debug_rnglists", ".debug_line_str"]
        let places = sections.compactMap { image.section(named: $0) }
        try #require(places.count == sections.count)
        var generator = SeededGenerator(seed)
        let symbolizer = makeSymbolizer()
        let text = try #require(image.section(named: ".text"))
        for round in 0..<60 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                let section = places.randomElement(using: &generator) ?? places[0]
                let position = Int(section.fileOffset) + Int.random(in: 0..<Int(section.size), using: &generator)
                bytes[position] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &generator) ?? 0
            }
            if round % 5 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count - 4096, using: &generator)) }
            let module = ModuleID(rawValue: UInt32(100 + round))
            let offsets = (0..<40).map { text.fileOffset + UInt64($0) * (text.size / 40) }
            let frames = offsets.map { (address: $0, name: FrameName.unnamed(.stripped)) }
            let found = symbolizer.locate(
                module: module, source: try ModuleFiles.image(bytes), frames: frames, cpuLimit: 100_000_000)
            #expect(found.names.count + found.later.count <= frames.count)
            #expect(found.cpuNanoseconds < 1_000_000_000)
        }
        let results = LineResult.allCases.map { symbolizer.lineResults.count($0) }.reduce(0, +)
        #expect(results > 60 * 30)
        #expect(symbolizer.lineResults.count(.found) > 400)
        #expect(symbolizer.timeouts.value == 0)
        // libdw may fall over a damaged file; then exactly that file is lost.
        #expect(symbolizer.crashes.value == symbolizer.quarantines.value && symbolizer.crashes.value <= 6)
        #expect(symbolizer.starts.value == symbolizer.crashes.value + 1)
    }
}
