import Foundation
import Glibc
import Model
import Platform
import Testing

@testable import Symbols

@Suite struct SandboxTests {
    private func status(of pid: Int32) throws -> [String: String] {
        let text = String(decoding: try FileDescriptor.open("/proc/\(pid)/status").readAll(), as: UTF8.self)
        let pairs = text.split(separator: "\n").map { $0.split(separator: ":", maxSplits: 1) }
        return Dictionary(
            uniqueKeysWithValues: pairs.filter { $0.count == 2 }.map {
                (String($0[0]), $0[1].trimmingCharacters(in: .whitespaces))
            })
    }

    @Test func theChildHasNoRights() throws {
        let shop = try Workshop()
        try shop.write("int main(void) { return 0; }", to: "a.c")
        try shop.run("gcc", "-o", "a", "a.c")
        let symbolizer = makeSymbolizer()
        _ = symbolizer.symbolize(module: .firstDynamic, source: try shop.module("a"), addresses: [4200])
        let pid = symbolizer.childPID
        try #require(pid > 0)
        let status = try status(of: pid)
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] { #expect(status[set] == "0000000000000000", "\(set)") }
        if getuid() == 0 { #expect(status["CapBnd"] == "0000000000000000") }
        #expect(status["Seccomp"] == "2")
        #expect(status["NoNewPrivs"] == "1")
        #expect(status["Name"] == "hearth-symbols")
        let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap(Int.init).sorted()
        #expect(files == [2, 3, 4], "standard error, the socket, the scratch file")
        #expect(symbolizer.childResidentBytes > 1 << 20)
    }

    @Test func wallsStandFromInside() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: probe)
        process.arguments = ["escape"]
        let output = Pipe()
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let lines = text.split(separator: "\n").map(String.init)
        let refused = ["open", "socket", "kill", "fork", "dup", "write", "pwrite", "exec", "stdout", "exec-memory"].map
        {
            "\($0)=\(EPERM)"
        }
        #expect(lines == refused)
    }

    @Test func theChildEndsWithItsParent() throws {
        var symbolizer: Symbolizer? = makeSymbolizer()
        let shop = try Workshop()
        try shop.write("x", to: "a")
        _ = symbolizer?.symbolize(module: .firstDynamic, source: try shop.module("a"), addresses: [1])
        let pid = try #require(symbolizer?.childPID)
        #expect(kill(pid, 0) == 0)
        symbolizer = nil
        #expect(kill(pid, 0) == -1)
    }

    @Test func aChildThatCannotStartLeavesNamesPending() throws {
        let shop = try Workshop()
        try shop.write("x", to: "a")
        for broken in [
            makeSymbolizer("refuse"),
            Symbolizer(
                Symbolizer.Options(executable: "/nonexistent/hearthd", arguments: []),
                budget: StageBudget(.symbols, bytes: 1 << 20)),
        ] {
            let names = broken.symbolize(module: .firstDynamic, source: try shop.module("a"), addresses: [1])
            #expect(names == [.unnamed(.pending)])
            #expect(broken.starts.value == 0)
            #expect(broken.quarantines.value == 0)
        }
    }
}
