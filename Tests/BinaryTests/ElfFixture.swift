import Foundation
import Glibc
import Platform
import Testing

@testable import Binary

/// A folder that is removed at the end of a test.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "hearth-binary-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
        return "\(path)/\(name)"
    }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }
}

/// Runs a tool found in PATH and returns what it printed; a failure of the tool fails the test.
@discardableResult
func run(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(arguments)", sourceLocation: sourceLocation)
    return text
}

/// A small shared object with several sections, notes and segments.
struct ElfFixture {
    static let source = """
        int counter = 7;
        __attribute__((noinline)) int twice(int x) { return 2 * x + counter; }
        int main(int c, char **v) { (void)v; return twice(c); }
        """

    let folder: TemporaryFolder
    let path: String

    init(_ flags: String...) throws {
        folder = try TemporaryFolder()
        let source = try folder.write(ElfFixture.source, to: "small.c")
        path = "\(folder.path)/small"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gcc", "-O1", "-g", "-Wl,--build-id=sha1", "-o", path, source] + flags
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    func image(cache: BlockCache = BlockCache(bytes: 64 << 10), number: UInt32 = 1) throws -> ElfImage {
        try ElfImage(file: FileDescriptor.open(path), number: number, cache: cache)
    }

    func bytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }
}

/// A reproducible source of numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
