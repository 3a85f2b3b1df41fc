import Binary
import Foundation
import Glibc
import Model
import Platform
import TestKit
import Testing

@testable import Symbols

/// A program with inlined calls and the command that builds it.
struct InlinedProgram: CustomTestStringConvertible {
    var name: String
    var compiler: String
    var flags: [String]
    var source: String
    var testDescription: String { name }

    static let gnu = [
        InlinedProgram(name: "c", compiler: "gcc", flags: ["-O2", "-g"], source: "chain.c"),
        InlinedProgram(name: "c-dwarf3", compiler: "gcc", flags: ["-O2", "-gdwarf-3"], source: "chain.c"),
        cxx,
        InlinedProgram(
            name: "cxx-sections", compiler: "g++",
            flags: ["-O3", "-gdwarf-4", "-std=c++17", "-ffunction-sections", "-Wl,--gc-sections"],
            source: "shapes.cpp"),
    ]
    static let llvm = [
        InlinedProgram(name: "c-clang", compiler: "clang", flags: ["-O2", "-g"], source: "chain.c"),
        InlinedProgram(
            name: "cxx-clang", compiler: "clang++", flags: ["-O2", "-g", "-std=c++17"], source: "shapes.cpp"),
        InlinedProgram(name: "rust", compiler: "rustc", flags: ["-O", "-g"], source: "shapes.rs"),
        InlinedProgram(name: "swift", compiler: "swiftc", flags: ["-O", "-g"], source: "shapes.swift"),
    ]
    static let cxx = InlinedProgram(
        name: "cxx", compiler: "g++", flags: ["-O2", "-g", "-std=c++17"], source: "shapes.cpp")

    /// False where the compiler is not installed.
    func build(_ shop: Workshop, _ extra: String...) throws -> Bool {
        guard isInstalled(compiler) else {
            print("skipped \(name): \(compiler) is not installed")
            return false
        }
        let path = ProgramFolders.sources + "/inlined/" + source
        try shop.run("sh", "-c", ([compiler] + flags + extra + [path, "-o", "program", "2>&1"]).joined(separator: " "))
        return true
    }
}

/// Chains of inlined calls with files and lines, compared at addresses of the whole code with what other tools say.
@Suite struct InlineTests {
    /// LLVM's symbolizer reads everything that is read here, by code of its own. All must be equal; the name of the
    /// outermost function comes from the symbol table, where it may be any of the names at its address.
    @Test(arguments: InlinedProgram.gnu + InlinedProgram.llvm)
    func chainsAreThoseOfLLVM(_ program: InlinedProgram) throws {
        let shop = try Workshop()
        guard isInstalled("llvm-symbolizer"), try program.build(shop) else { return }
        let question = try Question(shop, limit: 4000)
        let truth = try InlineTruth.ask(
            "llvm-symbolizer --output-style=GNU --no-demangle", file: "program", addresses: question.addresses,
            shop: shop)
        let aliases = try KnownFunction.aliases(shop, "program")
        var compared = 0
        for address in question.addresses {
            let want = truth[address] ?? []
            let got = question.found[address] ?? []
            // What only the symbol table knows has no place; a row of the line table outside of every function no name.
            if got.isEmpty, want.count < 2, want.first?.line ?? 0 == 0 || want.first?.function == "??" { continue }
            compared += 1
            #expect(got.map(\.place) == want.map(\.place), "\(String(address, radix: 16)): \(got) \(want)")
            #expect(got.dropLast().map(\.systemName) == want.dropLast().map(\.function))
            guard let outer = got.last?.systemName, let known = want.last?.function else { continue }
            #expect(outer == known || aliases[outer] == aliases[known], "\(String(address, radix: 16)): \(outer)")
        }
        #expect(compared > 100 && question.inlined > 50, "\(compared) compared, \(question.inlined) inlined")
        #expect(question.symbolizer.crashes.value == 0)
    }

    /// GNU addr2line, by a third code. It puts names of the symbol table over those of inlined calls in split-off parts
    /// (`.cold`) and takes some paths from another unit's table: up to 5 % of the addresses, at all of which LLVM's
    /// answer is Hearth's, as the test before this one demands. It takes no part in programs of LLVM, where it leaves
    /// out inlined functions.
    @Test(arguments: InlinedProgram.gnu)
    func chainsAreThoseOfBinutils(_ program: InlinedProgram) throws {
        let shop = try Workshop()
        guard try program.build(shop) else { return }
        let question = try Question(shop, limit: 4000)
        let truth = try InlineTruth.ask("addr2line", file: "program", addresses: question.addresses, shop: shop)
        var differing: [String] = []
        for address in question.addresses {
            guard let got = question.found[address] else { continue }
            let want = truth[address] ?? []
            let names = got.dropLast().map(\.systemName)
            if got.map(\.place) != want.map(\.place) || names != want.dropLast().map(\.function) {
                differing.append("\(String(address, radix: 16)): \(got.map(\.place)) \(want)")
            }
        }
        #expect(
            differing.count * 20 <= question.found.count,
            "\(differing.count) of \(question.found.count): \(differing.prefix(3))")
        #expect(question.found.count > 100)
    }

    @Test func namesAreReadable() throws {
        let shop = try Workshop()
        guard try InlinedProgram.cxx.build(shop) else { return }
        let question = try Question(shop, limit: 4000)
        let names = Set(question.found.values.joined().map(\.function))
        #expect(names.contains("shapes::mix(unsigned long)") || names.contains("mix"), "\(names.sorted().prefix(40))")
        #expect(names.contains { $0.hasPrefix("shapes::Counter::") })
        #expect(!names.contains { $0.hasPrefix("_ZN") }, "\(names.filter { $0.hasPrefix("_ZN") })")
    }
}

/// The chains of a program's code, asked for at up to `limit` addresses.
struct Question {
    let symbolizer: Symbolizer
    let addresses: [UInt64]
    let found: [UInt64: [SourceLine]]
    var inlined: Int { found.values.filter { $0.count > 1 }.count }

    init(
        _ shop: Workshop, limit: Int, files: ModuleFiles? = nil, symbolizer: Symbolizer = makeSymbolizer(),
        cpuLimit: UInt64 = 500_000_000
    ) throws {
        let image = try shop.image("program")
        let text = try #require(image.section(named: ".text"))
        let step = max(3, text.size / UInt64(limit)) | 1
        addresses = Array(stride(from: text.address, to: text.address + text.size, by: Int(step)))
        self.symbolizer = symbolizer
        found = try symbolizer.chains(
            files ?? shop.module("program"), image, addresses, cpuLimit: cpuLimit)
    }
}

extension KnownFunction {
    /// The address of each name.
    static func aliases(_ shop: Workshop, _ file: String) throws -> [String: UInt64] {
        var result: [String: UInt64] = [:]
        for function in try list(shop, file) {
            for name in function.names { result[name] = function.address }
        }
        return result
    }
}
