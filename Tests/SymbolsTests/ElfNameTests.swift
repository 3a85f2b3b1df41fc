import Binary
import Foundation
import Model
import Platform
import Testing

@testable import Symbols

@Suite struct ElfNameTests {
    static let cSource = """
        #include <stdio.h>
        static int counter;
        __attribute__((noinline)) static int local_one(int x) { counter += x; return counter * 3; }
        __attribute__((noinline)) int exported_two(int x) { return local_one(x) + 1; }
        __attribute__((noinline, cold)) int chilly(int x) { return printf("%d", x); }
        int alias_of_two(int) __attribute__((alias("exported_two")));
        static int (*choose(void))(int) { return exported_two; }
        int indirect(int) __attribute__((ifunc("choose")));
        int main(int c, char **v) { (void)v; return exported_two(c) + (c > 5 ? chilly(c) : 0) + indirect(c); }
        """

    private func build(_ shop: Workshop, _ options: String = "") throws {
        try shop.write(ElfNameTests.cSource, to: "a.c")
        try shop.run("sh", "-c", "gcc -O2 -g \(options) -o a a.c")
    }

    @Test(arguments: ["", "-no-pie", "-static", "-shared -fPIC", "-Wl,--build-id=none"])
    func everyFunctionHasItsName(options: String) throws {
        let shop = try Workshop()
        try build(shop, options)
        let count = try expectNames(shop, "a", files: shop.module("a"), symbolizer: makeSymbolizer())
        #expect(count > 4)
    }

    @Test func everyFunctionOfLibcByItsDynamicSymbols() throws {
        let shop = try Workshop()
        let path = try #require(
            ["/lib/x86_64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6"].first {
                FileManager.default.fileExists(atPath: $0)
            })
        try FileManager.default.createSymbolicLink(atPath: "\(shop.path)/libc", withDestinationPath: path)
        let symbolizer = makeSymbolizer()
        let count = try expectNames(shop, "libc", files: shop.module("libc"), symbolizer: symbolizer, options: ["-D"])
        #expect(count > 1500)
        #expect(symbolizer.crashes.value == 0)
        #expect(symbolizer.hits.value == 0)
    }

    @Test func aSecondAddressOfAFunctionNeedsNoChild() throws {
        let shop = try Workshop()
        try build(shop)
        let symbolizer = makeSymbolizer()
        let function = try #require(try KnownFunction.list(shop, "a").first { $0.names.contains("exported_two") })
        let offset = try #require(shop.image("a").fileOffset(ofAddress: function.address))
        let first = symbolizer.symbolize(module: .firstDynamic, source: try shop.module("a"), addresses: [offset])
        #expect(["exported_two", "alias_of_two"].contains(first[0].function))
        kill(symbolizer.childPID, SIGKILL)
        let second = symbolizer.symbolize(
            module: .firstDynamic, source: try shop.module("a"), addresses: [offset + 1, offset + function.size - 1])
        #expect(second == [first[0], first[0]])
        #expect(symbolizer.lookups.value == 3)
        #expect(symbolizer.hits.value == 2)
        #expect(symbolizer.crashes.value == 0)
    }

    @Test func strippedFilesSayThatTheyAre() throws {
        let shop = try Workshop()
        try build(shop)
        try shop.run("strip", "a")
        let names = makeSymbolizer().symbolize(
            module: .firstDynamic, source: try shop.module("a"), addresses: [4200, 9])
        #expect(names == [.unnamed(.stripped), .unnamed(.stripped)])
    }

    @Test func whatIsNoElfIsMalformedAndHolesAreNoSymbol() throws {
        let shop = try Workshop()
        try shop.write("no program at all, but long enough to be one if it were one, which it is not", to: "text")
        try build(shop)
        let symbolizer = makeSymbolizer()
        let bad = symbolizer.symbolize(module: ModuleID(rawValue: 20), source: try shop.module("text"), addresses: [1])
        #expect(bad == [.unnamed(.malformed)])
        let outside = symbolizer.symbolize(
            module: ModuleID(rawValue: 21), source: try shop.module("a"), addresses: [0, 64, 1 << 50, .max])
        #expect(outside == [FrameName](repeating: .unnamed(.noSymbol), count: 4))
        #expect(symbolizer.crashes.value == 0)
    }

    @Test(arguments: [true, false])
    func debugFilesAreUsedWhenTheyMatch(byBuildID: Bool) throws {
        let shop = try Workshop()
        try build(shop, byBuildID ? "" : "-Wl,--build-id=none")
        try shop.run("sh", "-c", "cp a full && objcopy --only-keep-debug a a.debug && strip a")
        try shop.run("objcopy", "--add-gnu-debuglink=a.debug", "a")
        let good = try shop.module("a", debugFiles: ["a.debug"])
        let count = try expectNames(shop, "a", truth: "full", files: good, symbolizer: makeSymbolizer())
        #expect(count > 5)

        try shop.run(
            "sh", "-c",
            "sed s/counter/another/g a.c > b.c && gcc -O1 -Wl,--build-id\(byBuildID ? "" : "=none") -o b b.c")
        try shop.run("objcopy", "--only-keep-debug", "b", "b.debug")
        let wrong = try shop.module("a", debugFiles: ["b.debug"])
        #expect(
            makeSymbolizer().symbolize(module: .firstDynamic, source: wrong, addresses: [4200])[0].reason == .stripped)
        let both = try shop.module("a", debugFiles: ["b.debug", "a.debug"])
        #expect(try expectNames(shop, "a", truth: "full", files: both, symbolizer: makeSymbolizer()) == count)
    }

    @Test func packedSymbolsAreUsedAsFedoraMakesThem() throws {
        let shop = try Workshop()
        try build(shop, "-rdynamic")
        try shop.run(
            "sh", "-c",
            """
            set -e
            cp a full
            nm -D a --format=posix --defined-only | awk '{print $1}' | sort > dynsyms
            nm a --format=posix --defined-only | awk '{ if ($2 == "T" || $2 == "t" || $2 == "D") print $1 }' | sort > funcsyms
            comm -13 dynsyms funcsyms > keep
            objcopy --only-keep-debug a full.debug
            objcopy -S --remove-section .gdb_index --remove-section .comment --keep-symbols=keep full.debug mini
            strip --strip-all -R .comment a
            xz mini
            objcopy --add-section .gnu_debugdata=mini.xz a
            """)
        #expect(try shop.image("a").section(named: ".symtab") == nil)
        let symbolizer = makeSymbolizer()
        #expect(try expectNames(shop, "a", truth: "full", files: shop.module("a"), symbolizer: symbolizer) > 5)

        var bytes = try shop.bytes(of: "a")
        let section = try #require(try shop.image("a").section(named: ".gnu_debugdata"))
        for index in 40..<60 { bytes[Int(section.fileOffset) + index] ^= 0x5a }
        try shop.write(bytes, to: "a")
        let main = try #require(try KnownFunction.list(shop, "full").first { $0.names.contains("local_one") })
        let damaged = symbolizer.symbolize(
            module: ModuleID(rawValue: 30), source: try shop.module("a"),
            addresses: [try #require(shop.image("a").fileOffset(ofAddress: main.address))])
        #expect(damaged[0].reason == .noSymbol)
        #expect(symbolizer.crashes.value == 0)
    }

    @Test func tablesTooLargeForAnIndexGiveTheSameAnswers() throws {
        let shop = try Workshop()
        let lines = (0..<3000).map { "__attribute__((noinline)) int function_\($0)(int x) { return x * \($0) + 1; }" }
        try shop.write(lines.joined(separator: "\n") + "\nint main(void) { return 0; }\n", to: "many.c")
        try shop.run("gcc", "-O1", "-o", "many", "many.c")
        let image = try shop.image("many")
        let table = try #require(ElfSymbolTable(image, type: ElfSection.typeSymbols))
        #expect(ElfIndex.ranges(of: [table], limit: 100) == nil)
        let index = try #require(ElfIndex.ranges(of: [table], limit: 100_000))
        var generator = SystemRandomNumberGenerator()
        let code = try #require(image.section(named: ".text"))
        let addresses = Set(
            (0..<500).map { _ in
                UInt64.random(in: code.address - 4096..<code.address + code.size + 4096, using: &generator)
            }
        ).sorted()
        for (address, answer) in zip(addresses, ElfIndex.scan([table], addresses: addresses)) {
            let expected = index.lookUp(address)
            #expect(answer.name == expected.name)
            #expect(answer.range.contains(address))
            #expect(expected.range.clamped(to: answer.range) == answer.range)
        }
        var cache = IndexCache(budget: 4000, scratch: try ScratchFile.make())
        let source = try #require(ElfSource(ElfFiles(main: image, debugFiles: []), module: 1, cache: &cache))
        var demangler = Demangler()
        let answers = source.answers(
            addresses.compactMap(image.fileOffset(ofAddress:)), demangler: &demangler)
        #expect(answers.count > 300)
        #expect(cache.byteCount <= 4000)
    }

    @Test func theImageOfTheKernelsPageHasNames() throws {
        let maps = String(decoding: try FileDescriptor.open("/proc/self/maps").readAll(), as: UTF8.self)
        let line = try #require(maps.split(separator: "\n").first { $0.hasSuffix("[vdso]") })
        let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt64($0, radix: 16) }
        let memory = try FileDescriptor.open("/proc/self/mem")
        var bytes = [UInt8](repeating: 0, count: Int(bounds[1] - bounds[0]))
        let got = unsafe try bytes.withUnsafeMutableBytes { unsafe try memory.read(at: bounds[0], into: $0) }
        try #require(got == bytes.count)
        let shop = try Workshop()
        try shop.write(bytes, to: "vdso")
        let known = try KnownFunction.list(shop, "vdso", options: ["-D"])
        let clock = try #require(known.first { $0.names.contains("__vdso_clock_gettime") })
        let image = try ElfImage(bytes: bytes)
        let names = makeSymbolizer().symbolize(
            module: .firstDynamic, source: try ModuleFiles.image(bytes),
            addresses: [try #require(image.fileOffset(ofAddress: clock.address + 1))])
        #expect(names[0].systemName == "clock_gettime" || names[0].systemName == "__vdso_clock_gettime")
    }
}
