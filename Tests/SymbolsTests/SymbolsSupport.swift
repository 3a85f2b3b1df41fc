import Binary
import Foundation
import Glibc
import Model
import Platform
import Testing

@testable import Symbols

/// A folder that is removed at the end of a test, and tools that run in it.
final class Workshop {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "hearth-symbols-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try write(Array(text.utf8), to: name)
    }

    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }

    func bytes(of name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
    }

    /// Runs a tool in the folder, with text on its standard input; its failure fails the test.
    @discardableResult
    func run(_ arguments: String..., input: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        let output = "\(path)/.output"
        try write("", to: ".output")
        try write(input, to: ".input")
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardInput = FileHandle(forReadingAtPath: "\(path)/.input")
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(arguments)")
        return String(decoding: try Data(contentsOf: URL(fileURLWithPath: output)), as: UTF8.self)
    }

    func open(_ name: String) throws -> OpenFile { try OpenFile(FileDescriptor.open("\(path)/\(name)")) }

    func module(_ name: String, debugFiles: [String] = []) throws -> ModuleFiles {
        ModuleFiles(kind: .elf, main: try open(name), debugFiles: try debugFiles.map(open))
    }

    func image(_ name: String) throws -> ElfImage {
        try ElfImage(file: FileDescriptor.open("\(path)/\(name)"), number: 1, cache: BlockCache())
    }
}

/// Whether a compiler is installed.
func isInstalled(_ tool: String) -> Bool {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)") }
}

/// The program that stands for the daemon's own child; it lies beside the tests.
let probe: String = {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: tests).deletingLastPathComponent().path + "/hearth-symbolizer-probe"
}()

func makeSymbolizer(_ arguments: String = "serve", timeout: Int32 = 10_000, bytes: Int = 8 << 20) -> Symbolizer {
    var options = Symbolizer.Options(executable: probe, arguments: [arguments])
    options.timeout = timeout
    return Symbolizer(options, budget: StageBudget(.symbols, bytes: bytes))
}

/// A function as nm lists it.
struct KnownFunction {
    var address: UInt64
    var size: UInt64
    /// Every name at that address.
    var names: Set<String>

    /// Functions with a size, by `nm -S`; those that others overlap are left out.
    static func list(_ shop: Workshop, _ name: String, options: [String] = []) throws -> [KnownFunction] {
        let text = try shop.run("sh", "-c", "nm -S --defined-only \(options.joined(separator: " ")) \(name)")
        var byAddress: [UInt64: KnownFunction] = [:]
        for line in text.split(separator: "\n") {
            let columns = line.split(separator: " ", maxSplits: 3)
            guard columns.count == 4, "tTwWi".contains(columns[2]), let address = UInt64(columns[0], radix: 16),
                let size = UInt64(columns[1], radix: 16), size > 0
            else { continue }
            let name = columns[3].prefix { $0 != "@" }
            var known = byAddress[address] ?? KnownFunction(address: address, size: size, names: [])
            known.names.insert(String(name))
            byAddress[address] = known
        }
        let sorted = byAddress.values.sorted { $0.address < $1.address }
        return zip(sorted, sorted.dropFirst() + [sorted.last].compactMap(\.self))
            .filter { $0.address + $0.size <= $1.address || $0.address == $1.address }.map(\.0)
    }
}

extension FrameName {
    var function: String? {
        guard case .lines(let lines) = self else { return nil }
        return lines.first?.function
    }

    var systemName: String? {
        guard case .lines(let lines) = self else { return nil }
        return lines.first?.systemName
    }

    var reason: UnnamedReason? {
        guard case .unnamed(let reason) = self else { return nil }
        return reason
    }
}

/// Compares the symbolizer's mangled names with nm's, at the first, a middle and the last byte of each function.
/// Returns the number of functions compared.
func expectNames(
    _ shop: Workshop, _ file: String, truth: String? = nil, files: ModuleFiles, symbolizer: Symbolizer,
    options: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
) throws -> Int {
    let known = try KnownFunction.list(shop, truth ?? file, options: options)
    let image = try shop.image(file)
    var addresses: [UInt64] = []
    for function in known {
        for address in [function.address, function.address + function.size / 2, function.address + function.size - 1] {
            addresses.append(try #require(image.fileOffset(ofAddress: address), sourceLocation: sourceLocation))
        }
    }
    let names = symbolizer.symbolize(module: .firstDynamic, source: files, addresses: addresses)
    for (index, name) in names.enumerated() {
        let function = known[index / 3]
        #expect(
            name.systemName.map(function.names.contains) == true, "\(function) at \(index % 3): \(name)",
            sourceLocation: sourceLocation)
    }
    return known.count
}
