import Binary
import Foundation
import Model
import Testing

@testable import Symbols

@Suite(.enabled(if: isInstalled("go"))) struct GoNameTests {
    static let source = """
        package main
        import ("fmt"; "os"; "sort"; "strings")
        type shape interface { area() float64 }
        type square struct { side float64 }
        //go:noinline
        func (s square) area() float64 { return s.side * s.side }
        //go:noinline
        func sum[T int | float64](values []T) (total T) { for _, v := range values { total += v }; return }
        func main() {
            names := strings.Split(os.Args[0], "/")
            sort.Slice(names, func(i, j int) bool { return names[i] < names[j] })
            var s shape = square{2}
            fmt.Println(names, s.area(), sum([]int{1, 2}), sum([]float64{1.5}))
        }
        """

    private func build(_ shop: Workshop, _ name: String, _ options: String) throws {
        try shop.run(
            "sh", "-c",
            "GOCACHE=$PWD/cache GOPATH=$PWD/path GO111MODULE=off CGO_ENABLED=0 go build \(options) -o \(name) main.go")
    }

    @Test(arguments: ["", "-buildmode=pie"])
    func strippedProgramsHaveTheNamesOfUnstrippedOnes(mode: String) throws {
        let shop = try Workshop()
        try shop.write(GoNameTests.source, to: "main.go")
        try build(shop, "full", mode)
        try shop.run("strip", "-o", "a", "full")
        #expect(try shop.image("a").section(named: ".symtab") == nil)
        let image = try shop.image("a")
        let known = try KnownFunction.list(shop, "full").filter { known in
            known.names.contains { $0.hasPrefix("main.") || $0.hasPrefix("runtime.mall") || $0.hasPrefix("fmt.(*pp)") }
        }
        try #require(known.count > 25)
        let addresses = known.compactMap { image.fileOffset(ofAddress: $0.address + $0.size / 2) }
        let symbolizer = makeSymbolizer()
        let names = symbolizer.symbolize(module: .firstDynamic, source: try shop.module("a"), addresses: addresses)
        for (function, name) in zip(known, names) {
            // The linker's table marks the shape of type arguments; the table for tracebacks writes [...].
            let plain = Set(
                function.names.map { $0.replacing(/\[.*\]/, with: "[...]").replacing(/\.abi[0I].*$/, with: "") })
            #expect(
                name.function.map { plain.contains($0.replacing(/\[.*\]/, with: "[...]")) } == true,
                "\(function) \(name)")
        }
        #expect(symbolizer.crashes.value == 0)
    }

    @Test func damagedTablesNeverHangOrEndTheChild() throws {
        let shop = try Workshop()
        try shop.write(GoNameTests.source, to: "main.go")
        try build(shop, "a", "-ldflags '-s -w'")
        let original = try shop.bytes(of: "a")
        let section = try #require(try shop.image("a").section(named: ".gopclntab"))
        let base = Int(section.fileOffset)
        let symbolizer = makeSymbolizer()
        var state: UInt64 = 5
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let text = try #require(try shop.image("a").section(named: ".text"))
        var named = 0
        for round in 0..<40 {
            var bytes = original
            for _ in 0..<4 { bytes[base + random(72)] = [0, 1, 0x7f, 0x80, 0xff][random(5)] }
            for _ in 0..<5000 { bytes[base + 72 + random(Int(section.size) - 72)] = UInt8(random(256)) }
            let addresses = (0..<50).map { _ in text.fileOffset + UInt64(random(Int(text.size))) }
            let names = symbolizer.symbolize(
                module: ModuleID(rawValue: UInt32(100 + round)), source: try ModuleFiles.image(bytes),
                addresses: addresses)
            named += names.count { $0.function != nil }
        }
        #expect(named > 0)
        #expect(symbolizer.crashes.value + symbolizer.timeouts.value == 0)
    }
}
