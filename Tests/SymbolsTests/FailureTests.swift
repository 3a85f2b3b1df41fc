import Binary
import Foundation
import Glibc
import Model
import Platform
import Testing

@testable import Symbols

@Suite struct FailureTests {
    private func build(_ shop: Workshop) throws {
        try shop.write(ElfNameTests.cSource, to: "a.c")
        try shop.run("gcc", "-O2", "-o", "a", "a.c")
    }

    @Test func aKilledChildQuarantinesTheModuleAndTheNextOneIsServed() throws {
        let shop = try Workshop()
        try build(shop)
        let symbolizer = makeSymbolizer()
        let first = try shop.module("a")
        _ = symbolizer.symbolize(module: ModuleID(rawValue: 16), source: first, addresses: [4200])
        let pid = symbolizer.childPID
        kill(pid, SIGSTOP)
        let killer = Thread {
            // The child is stopped: a request that is on its way stays unanswered.
            while symbolizer.lookups.value < 2 { sched_yield() }
            kill(pid, SIGKILL)
        }
        killer.start()
        let names = symbolizer.symbolize(module: ModuleID(rawValue: 17), source: first, addresses: [4300, 4301])
        #expect(names == [.unnamed(.quarantined), .unnamed(.quarantined)])
        #expect(symbolizer.crashes.value == 1)
        #expect(symbolizer.timeouts.value == 0)
        #expect(symbolizer.quarantines.value == 1)
        let again = symbolizer.symbolize(module: ModuleID(rawValue: 17), source: first, addresses: [4300])
        #expect(again == [.unnamed(.quarantined)])
        #expect(symbolizer.starts.value == 1)
        let other = symbolizer.symbolize(module: ModuleID(rawValue: 18), source: first, addresses: [4300])
        #expect(other[0].reason != .quarantined)
        #expect(symbolizer.starts.value == 2)
        #expect(symbolizer.childPID != pid)
    }

    @Test func aSlowChildIsEndedAndItsModuleIsQuarantinedByBuildID() throws {
        let shop = try Workshop()
        try build(shop)
        let symbolizer = makeSymbolizer(timeout: 4000)
        var files = try shop.module("a")
        files.buildID = try shop.image("a").buildID
        _ = symbolizer.symbolize(module: ModuleID(rawValue: 16), source: files, addresses: [4200])
        let pid = symbolizer.childPID
        kill(pid, SIGSTOP)
        let names = symbolizer.symbolize(module: ModuleID(rawValue: 17), source: files, addresses: [9000])
        #expect(names == [.unnamed(.quarantined)])
        #expect(symbolizer.timeouts.value == 1)
        #expect(symbolizer.crashes.value == 0)
        #expect(kill(pid, 0) == -1)
        let sameBuild = symbolizer.symbolize(module: ModuleID(rawValue: 18), source: files, addresses: [4200])
        #expect(sameBuild == [.unnamed(.quarantined)])
    }

    @Test(arguments: [21, 22, 23] as [UInt64])
    func damagedFilesNeverHangOrEndTheChild(seed: UInt64) throws {
        let shop = try Workshop()
        try build(shop)
        let original = try shop.bytes(of: "a")
        let image = try shop.image("a")
        let table = try #require(image.section(named: ".symtab"))
        let headers =
            Array(0..<800) + Array(Int(table.fileOffset)..<Int(table.fileOffset + table.size))
            + Array(original.count - 2300..<original.count)
        let symbolizer = makeSymbolizer()
        var state = seed
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var outcomes: Set<String> = []
        for round in 0..<300 {
            var bytes = original
            for _ in 0..<(1 + random(8)) {
                let position = headers[random(headers.count)]
                bytes[position] = [0, 1, 0x7f, 0x80, 0xff, UInt8(random(256))][random(6)]
            }
            if random(4) == 0 { bytes.removeLast(random(bytes.count)) }
            let files = try ModuleFiles.image(bytes)
            let addresses = (0..<40).map { _ in UInt64(random(original.count)) } + [.max, UInt64(Int64.max)]
            let names = symbolizer.symbolize(
                module: ModuleID(rawValue: UInt32(100 + round)), source: files, addresses: addresses)
            #expect(names.count == addresses.count)
            for name in names { outcomes.insert(name.reason?.rawValue ?? "named") }
        }
        #expect(symbolizer.crashes.value == 0)
        #expect(symbolizer.timeouts.value == 0)
        #expect(symbolizer.starts.value == 1)
        #expect(outcomes.isSuperset(of: ["named", "no_symbol", "malformed"]))
        #expect(!outcomes.contains("quarantined"))
    }

    @Test func theCacheStaysWithinItsBudget() throws {
        let shop = try Workshop()
        let lines = (0..<2000).map {
            "__attribute__((noinline)) int a_function_with_a_long_name_\($0)(int x) { return x * \($0); }"
        }
        try shop.write(lines.joined(separator: "\n") + "\nint main(void) { return 0; }\n", to: "many.c")
        try shop.run("gcc", "-O1", "-o", "many", "many.c")
        let known = try KnownFunction.list(shop, "many")
        let image = try shop.image("many")
        let addresses = known.compactMap { image.fileOffset(ofAddress: $0.address) }
        let budget = StageBudget(.symbols, bytes: 700_000)
        let symbolizer = Symbolizer(Symbolizer.Options(executable: probe, arguments: ["serve"]), budget: budget)
        for module in 16..<24 as Range<UInt32> {
            let names = symbolizer.symbolize(
                module: ModuleID(rawValue: module), source: try shop.module("many"), addresses: addresses)
            #expect(names.allSatisfy { $0.function != nil })
            #expect(budget.usedBytes <= 700_000)
        }
        #expect(budget.usedBytes > 200_000)
        #expect(budget.cpuNanoseconds > 0)
        let before = symbolizer.hits.value
        _ = symbolizer.symbolize(module: ModuleID(rawValue: 23), source: try shop.module("many"), addresses: addresses)
        #expect(symbolizer.hits.value == before + UInt64(addresses.count))
    }
}
