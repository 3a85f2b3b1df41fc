import Foundation
import Testing

@testable import Symbols

@Suite struct DemanglerTests {
    private func readable(_ name: String) -> String {
        var demangler = Demangler()
        return demangler.readable(Array(name.utf8))
    }

    /// All mangled names of a file, with the readable form that another tool gives them.
    private func compare(_ shop: Workshop, _ file: String, prefixes: [String], with tool: [String]) throws -> Int {
        let text = try shop.run("sh", "-c", "nm --defined-only \(file) | awk '{print $3}'")
        let names = Set(text.split(separator: "\n").map(String.init)).filter { name in
            prefixes.contains { name.hasPrefix($0) } && !name.contains(".") && !name.contains("@")
        }.sorted()
        let input = names.joined(separator: "\n") + "\n"
        let expected = try shop.run("sh", "-c", tool.joined(separator: " "), input: input).split(separator: "\n")
        try #require(expected.count == names.count)
        for (name, wanted) in zip(names, expected) { #expect(readable(name) == wanted) }
        return names.count
    }

    @Test func cppNamesAreThoseOfCppFilt() throws {
        let shop = try Workshop()
        try shop.write(
            """
            #include <map>
            #include <string>
            #include <vector>
            #include <functional>
            namespace outer { namespace { struct Hidden { int x; }; }
            template <class T, int N> struct Box { T value[N]; Box(const T &v); ~Box(); T operator[](int) const; };
            template <class T, int N> Box<T, N>::Box(const T &v) { for (auto &x : value) x = v; }
            template <class T, int N> Box<T, N>::~Box() {}
            template <class T, int N> T Box<T, N>::operator[](int i) const { return value[i]; }
            template struct Box<std::string, 3>; template struct Box<std::vector<int>, 2>;
            int call(std::function<int(const std::map<std::string, std::vector<double>> &)> f) { return f({}); } }
            int main() { std::map<std::string, int> m; m["a"] = 1; auto f = [&](auto x) { return x + m["a"]; };
              return f(1) + int(f(2.5)) + outer::call([](auto &) { return 3; }); }
            """, to: "a.cc")
        try shop.run("g++", "-O0", "-std=c++17", "-o", "a", "a.cc")
        #expect(try compare(shop, "a", prefixes: ["_Z"], with: ["c++filt"]) > 200)
    }

    @Test(.enabled(if: isInstalled("rustc")), arguments: ["legacy", "v0"])
    func rustNamesAreThoseOfCppFilt(mangling: String) throws {
        let shop = try Workshop()
        try shop.write(
            """
            use std::collections::HashMap;
            trait Shape { fn area(&self) -> f64; }
            struct Square<T>(T);
            impl<T: Into<f64> + Copy> Shape for Square<T> { #[inline(never)] fn area(&self) -> f64 { self.0.into() } }
            #[inline(never)] fn apply<F: Fn(u32) -> u32>(f: F, x: u32) -> u32 { f(x) }
            fn main() { let mut m = HashMap::new(); m.insert("a", 1u32);
              println!("{} {}", Square(2.0f32).area(), apply(|x| x + m["a"], 4)); }
            """, to: "a.rs")
        let unstable = mangling == "legacy" ? "-Zunstable-options " : ""
        try shop.run("sh", "-c", "RUSTC_BOOTSTRAP=1 rustc \(unstable)-C symbol-mangling-version=\(mangling) -o a a.rs")
        // c++filt is told to print hashes of crates and types of constants, which say nothing to people.
        let plain =
            mangling == "v0"
            ? #"-E 's/\[[0-9a-f]{10,16}\]//g; s/([0-9a-z]+): [a-z0-9]+/\1/g'"# : #"'s/::h[0-9a-f]\{16\}$//'"#
        let prefixes = mangling == "v0" ? ["_R"] : ["_ZN"]
        #expect(try compare(shop, "a", prefixes: prefixes, with: ["c++filt | sed", plain]) > 60)
    }

    @Test(.enabled(if: isInstalled("swiftc")))
    func swiftNamesAreThoseOfSwiftDemangle() throws {
        let shop = try Workshop()
        try shop.write(
            """
            protocol Shape { associatedtype Unit: Numeric; func area(_ scale: Unit) -> Unit }
            struct Square<T: Numeric>: Shape { var side: T; func area(_ scale: T) -> T { side * side * scale } }
            final class Registry<Key: Hashable> { private var counts: [Key: (Int, String?)] = [:]
              func add(_ key: Key) throws { counts[key, default: (0, nil)].0 += 1 }
              subscript(key: Key) -> Int? { counts[key]?.0 } }
            func later(_ body: @escaping @Sendable (Int) async throws -> String) async rethrows -> [String] { [try! await body(1)] }
            let registry = Registry<String>()
            try registry.add("a")
            print(Square(side: 3.5).area(2), registry["a"] as Any, await later { "\\($0)" })
            """, to: "main.swift")
        try shop.run("swiftc", "-Onone", "-o", "a", "main.swift")
        #expect(try compare(shop, "a", prefixes: ["$s"], with: ["swift", "demangle", "--compact", "--no-sugar"]) > 60)
    }

    @Test func suffixesOfClonesAreLeftOutButCold() {
        #expect(readable("_Z3foov.constprop.0") == "foo()")
        #expect(readable("_Z3foov.isra.0.part.12") == "foo()")
        #expect(readable("_Z3foov.cold") == "foo() [clone .cold]")
        #expect(readable("_Z3foov.isra.0.cold") == "foo() [clone .cold]")
        #expect(readable("_ZN4core3fmt5write17h0123456789abcdefE.llvm.9876543210") == "core::fmt::write")
        #expect(readable("parse.part.0") == "parse")
        #expect(readable("parse.cold.3") == "parse [clone .cold]")
        #expect(readable("main.main.func1") == "main.main.func1")
        #expect(readable("runtime.goexit.abi0") == "runtime.goexit.abi0")
        #expect(readable(".hidden") == ".hidden")
        #expect(readable("counter.0") == "counter.0")
    }

    @Test func hostileNamesStayShortAndPlain() {
        #expect(readable("bad\nname\u{7f}") == "bad?name?")
        var demangler = Demangler()
        #expect(demangler.readable([0x61, 0xff, 0x62]) == "a\u{fffd}b")
        let nested = "_Z1f" + String(repeating: "P", count: 5000) + "i"
        #expect(readable(nested).utf8.count <= 5100)
        let long = "_Z" + String(repeating: "a", count: 20_000)
        #expect(readable(long) == long)
        var powers = "_Z1fI1AE"
        for index in 0..<30 {
            powers +=
                "1BIS\(index == 0 ? "" : String(index - 1, radix: 36).uppercased())_S\(index == 0 ? "" : String(index - 1, radix: 36).uppercased())_E"
        }
        #expect(readable(powers).utf8.count <= Wire.maximumName + 100)
        for prefix in ["_Z", "_R", "$s", "_T0", "_ZN", "_RNv"] { #expect(readable(prefix) == prefix) }
    }

    @Test(arguments: [7, 8, 9] as [UInt64])
    func mutatedNamesNeitherTrapNorLoop(seed: UInt64) {
        let names = [
            "_ZNSt6vectorIiSaIiEE9push_backEOi", "_RNvCskwGfYPst2Cb_3foo16example_function",
            "$s4main8RegistryC3addyyxKF", "_ZN4core3fmt5write17h0123456789abcdefE",
        ].map { Array($0.utf8) }
        var state = seed
        var demangler = Demangler()
        var total = 0
        for round in 0..<20_000 {
            var name = names[round % names.count]
            for _ in 0..<(1 + round % 3) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                name[2 + Int(state >> 33) % (name.count - 2)] = 0x24 + UInt8((state >> 20) % 86)
            }
            total += demangler.readable(name).utf8.count
        }
        #expect(total > 20_000)
    }
}
