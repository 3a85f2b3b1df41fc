import Foundation
import Glibc
import Model
import Platform
import Testing

@testable import Symbols

@Suite struct KallsymsTests {
    @Test func functionsOfTheRunningKernelAreThoseOfTheFile() throws {
        let file = try OpenFile(FileDescriptor.open("/proc/kallsyms"))
        let text = String(decoding: try FileDescriptor.open("/proc/kallsyms").readAll(limit: 64 << 20), as: UTF8.self)
        var names: [UInt64: Set<String>] = [:]
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            let columns = String(Substring(line)).split(whereSeparator: { " \t".contains($0) })
            guard columns.count >= 3, "tTwW".contains(columns[1]), let address = UInt64(columns[0], radix: 16),
                address != 0
            else { continue }
            names[address, default: []].insert(columns.dropFirst(2).joined(separator: " "))
        }
        let symbolizer = makeSymbolizer(timeout: 60_000)
        let files = ModuleFiles(kind: .kallsyms, main: file)
        guard !names.isEmpty else {
            #expect(symbolizer.symbolize(module: .kernel, source: files, addresses: [1]) == [.unnamed(.kernelHidden)])
            return
        }
        let addresses = Array(names.keys.sorted().enumerated().filter { $0.offset % 37 == 0 }.map(\.element))
        let answers = symbolizer.symbolize(module: .kernel, source: files, addresses: addresses)
        #expect(addresses.count > 1000)
        for (address, answer) in zip(addresses, answers) {
            #expect(answer.function.map { names[address]?.contains($0) == true } == true, "\(answer)")
        }
    }

    @Test func modulesStandInBracketsAndBetterNamesWin() throws {
        let shop = try Workshop()
        try shop.write(
            """
            ffffffff81000000 T _stext
            ffffffff81000000 T do_work
            ffffffff81000000 t __do_work
            ffffffff81000100 W maybe
            ffffffff81000200 D jiffies
            ffffffff81000300 t tail
            ffffffffc0001000 t nf_hook\t[nf_tables]
            ffffffffc0001040 t bpf_prog_1234\t[bpf]

            """, to: "kallsyms")
        let files = ModuleFiles(kind: .kallsyms, main: try shop.open("kallsyms"))
        let answers = makeSymbolizer().symbolize(
            module: .kernel, source: files,
            addresses: [
                0xffff_ffff_8100_0000, 0xffff_ffff_8100_00ff, 0xffff_ffff_8100_0100, 0xffff_ffff_8100_0200,
                0xffff_ffff_8100_0310, 0xffff_ffff_b000_0000, 0xffff_ffff_c000_1010, 0xffff_ffff_c000_1041, 0x1000,
                .max,
            ])
        #expect(
            answers.map { $0.function ?? $0.reason?.rawValue } == [
                "do_work", "do_work", "maybe", "maybe", "tail", "no_symbol", "nf_hook [nf_tables]",
                "bpf_prog_1234 [bpf]", "no_symbol", "no_symbol",
            ])
        #expect(answers[6].systemName == "nf_hook")
    }

    @Test(arguments: ["", "0000000000000000 T _text\n0000000000000000 t secret\n", "not a table\n\u{0}\n"])
    func hiddenKernelsSaySo(text: String) throws {
        let shop = try Workshop()
        try shop.write(text, to: "kallsyms")
        let files = ModuleFiles(kind: .kallsyms, main: try shop.open("kallsyms"))
        let answers = makeSymbolizer().symbolize(module: .kernel, source: files, addresses: [0xffff_ffff_8100_0000])
        #expect(answers == [.unnamed(.kernelHidden)])
    }
}

@Suite struct PerfMapTests {
    private func module(_ shop: Workshop) throws -> ModuleFiles {
        ModuleFiles(kind: .perfMap, main: try shop.open("perf.map"))
    }

    private func append(_ text: String, _ shop: Workshop) throws {
        let handle = try #require(FileHandle(forWritingAtPath: "\(shop.path)/perf.map"))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    @Test func laterLinesWinAndGrowthIsSeen() throws {
        let shop = try Workshop()
        try shop.write(
            "7f0000001000 100 LazyCompile:*fib /app/fib.js:3:1\n0x7f0000002000 0x40 Builtin:Call\nnonsense\n"
                + "7f0000003000 0 empty\n7f0000004000 10\n7f0000001080 40 Replaced\n7f0000005000 20 unfin",
            to: "perf.map")
        let symbolizer = makeSymbolizer()
        let addresses: [UInt64] = [
            0x7f00_0000_1000, 0x7f00_0000_1081, 0x7f00_0000_10c0, 0x7f00_0000_203f, 0x7f00_0000_2040, 0x7f00_0000_3000,
            0x7f00_0000_5000,
        ]
        let first = symbolizer.symbolize(module: .firstDynamic, source: try module(shop), addresses: addresses)
        let fib = "LazyCompile:*fib /app/fib.js:3:1"
        #expect(
            first.map { $0.function ?? $0.reason?.rawValue } == [
                fib, "Replaced", fib, "Builtin:Call", "no_symbol", "no_symbol", "no_symbol",
            ])
        try append("ished\n7f0000002040 10 Stub\n", shop)
        let second = symbolizer.symbolize(module: .firstDynamic, source: try module(shop), addresses: addresses)
        #expect(
            second.map { $0.function ?? $0.reason?.rawValue } == [
                fib, "Replaced", fib, "Builtin:Call", "Stub", "no_symbol", "unfinished",
            ])
        try shop.write("7f0000001000 10 Other\n", to: "perf.map")
        let third = symbolizer.symbolize(module: .firstDynamic, source: try module(shop), addresses: addresses)
        #expect(third[0].function == "Other")
        #expect(third[1].reason == .noSymbol)
    }

    @Test func hugeMapsAreReadInOnePass() throws {
        let shop = try Workshop()
        let count = 300_000
        var text = ""
        for index in 0..<count { text += String(0x7f00_0000_0000 + index * 64, radix: 16) + " 40 function_\(index)\n" }
        text += String(repeating: "x", count: 200_000) + "\n7e0000000000 10 last\n"
        try shop.write(text, to: "perf.map")
        let symbolizer = makeSymbolizer(timeout: 60_000)
        let picked = stride(from: 0, to: count, by: 2999).map { $0 }
        let addresses = picked.map { UInt64(0x7f00_0000_0000 + $0 * 64 + 5) } + [0x7e00_0000_0001, 0x7d00_0000_0000]
        let names = symbolizer.symbolize(module: .firstDynamic, source: try module(shop), addresses: addresses)
        #expect(names.map(\.function) == picked.map { "function_\($0)" } + ["last", nil])
        #expect(symbolizer.crashes.value + symbolizer.timeouts.value == 0)
    }

    private func root(_ shop: Workshop) throws -> OpenFile {
        try FileManager.default.createDirectory(atPath: "\(shop.path)/root/tmp", withIntermediateDirectories: true)
        return try OpenFile(FileDescriptor.open("\(shop.path)/root", O_DIRECTORY))
    }

    @Test func mapsThatAreFilesOfTheUserAreOpened() throws {
        let shop = try Workshop()
        let root = try root(shop)
        try shop.write("1000 10 inside\n", to: "root/tmp/perf-7.map")
        let file = try PerfMapFile.open(namespacePID: 7, root: root, user: getuid())
        let names = makeSymbolizer().symbolize(
            module: .firstDynamic, source: ModuleFiles(kind: .perfMap, main: file), addresses: [0x1001])
        #expect(names[0].function == "inside")
        #expect(throws: PerfMapRefusal.unavailable(Errno(ENOENT))) {
            try PerfMapFile.open(namespacePID: 8, root: root, user: getuid())
        }
    }

    @Test func mapsThatAreTrapsAreRefused() throws {
        let shop = try Workshop()
        let root = try root(shop)
        try shop.write("1000 10 outside\n", to: "secret")
        try shop.run("mkfifo", "root/tmp/perf-1.map")
        try shop.run("mkdir", "root/tmp/perf-2.map")
        try shop.run("ln", "-s", "\(shop.path)/secret", "root/tmp/perf-3.map")
        try shop.run("ln", "-s", "../../secret", "root/tmp/perf-4.map")
        try shop.run("ln", "-s", "/proc/self/root/etc/passwd", "root/tmp/perf-5.map")
        try shop.run("ln", "-s", "perf-6.map", "root/tmp/perf-6.map")
        // FIFO, folder, and links, wherever they lead.
        for pid in 1...6 as ClosedRange<Int32> {
            #expect(throws: PerfMapRefusal.notRegular) {
                try PerfMapFile.open(namespacePID: pid, root: root, user: getuid())
            }
        }
    }

    @Test(.enabled(if: getuid() == 0)) func mapsOfOthersAreRefused() throws {
        let shop = try Workshop()
        let root = try root(shop)
        try shop.write("1000 10 planted\n", to: "root/tmp/perf-7.map")
        try shop.run("chown", "4242", "root/tmp/perf-7.map")
        #expect(throws: PerfMapRefusal.foreignOwner(4242)) {
            try PerfMapFile.open(namespacePID: 7, root: root, user: 1000)
        }
        #expect(throws: Never.self) { try PerfMapFile.open(namespacePID: 7, root: root, user: 4242) }
    }
}
