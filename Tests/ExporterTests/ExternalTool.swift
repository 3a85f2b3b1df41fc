import Foundation

/// A program of the distribution that tests compare with.
struct ExternalTool {
    let path: String

    /// `nil`, and a line that says so, when it is not installed.
    init?(_ name: String) {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        guard let folder = folders.first(where: { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") })
        else {
            print("skipped: \(name) is not installed")
            return nil
        }
        path = "\(folder)/\(name)"
    }

    static func isInstalled(_ name: String) -> Bool { ExternalTool(name) != nil }

    /// Runs to the end; both outputs go through files, so that no pipe can fill.
    func run(_ arguments: [String], input: [UInt8] = []) throws -> (status: Int32, output: String, errors: String) {
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.environment = ProcessInfo.processInfo.environment.merging(["PPROF_TMPDIR": folder.url.path]) { $1 }
        let files = ["in", "out", "err"].map { folder.url.appendingPathComponent($0) }
        try Data(input).write(to: files[0])
        for file in files.dropFirst() { try Data().write(to: file) }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        let texts = try files.dropFirst().map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
        return (process.terminationStatus, texts[0], texts[1])
    }
}

/// A folder that goes with its owner.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("hearth-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let file = url.appendingPathComponent(name)
        try Data(bytes).write(to: file)
        return file.path
    }
}

/// Expected files; `HEARTH_GOLDEN=rewrite` writes them anew, and the review is the diff.
enum Golden {
    static func expected(_ name: String, from actual: [UInt8]) throws -> [UInt8] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/golden/exporter")
        let file = folder.appendingPathComponent(name)
        if ProcessInfo.processInfo.environment["HEARTH_GOLDEN"] == "rewrite" {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(actual).write(to: file)
        }
        return Array(try Data(contentsOf: file))
    }
}
