import CFuzzDriver
import Glibc
import TestKit

/// Drives one suite by libFuzzer: `hearth-fuzz SUITE OPTIONS…`, writes its inputs to start from:
/// `hearth-fuzz seeds SUITE FOLDER`, or lists all: `hearth-fuzz list`.
@main
enum Fuzz {
    /// libFuzzer takes a C function, which cannot carry a suite with it. Set once, before the first run.
    nonisolated(unsafe) private static var current: (any FuzzSuite)?

    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "list": for suite in FuzzSuites.all { print(suite.name, suite.maximumInput) }
        case "seeds" where arguments.count == 3: try writeSeeds(try make(arguments[1]), to: arguments[2])
        case let name?: try drive(try make(name), Array(arguments.dropFirst()))
        case nil: throw CommandFailure(description: "usage: hearth-fuzz SUITE OPTIONS… | seeds SUITE FOLDER | list")
        }
    }

    private static func make(_ name: String) throws -> any FuzzSuite {
        guard let suite = FuzzSuites.all.first(where: { $0.name == name }) else {
            throw CommandFailure(description: "no suite \(name)")
        }
        return try suite.init()
    }

    private static func writeSeeds(_ suite: any FuzzSuite, to folder: String) throws {
        for (index, seed) in try suite.seeds().enumerated() { try FuzzFiles.write(seed, to: "\(folder)/seed-\(index)") }
    }

    private static func drive(_ suite: any FuzzSuite, _ options: [String]) throws {
        unsafe current = suite
        let limit = "-max_len=\(type(of: suite).maximumInput)"
        // SAFETY: libFuzzer keeps the strings for as long as the program runs, and they are never freed.
        var line = unsafe (["hearth-fuzz", limit] + options).map { unsafe strdup($0) } + [nil]
        let status = unsafe hearth_fuzz_run(Int32(line.count - 1), &line) { bytes, count in
            // SAFETY: libFuzzer lends as many bytes.
            unsafe Fuzz.current?.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
            return 0
        }
        guard status >= 0 else { throw CommandFailure(description: "built without libFuzzer: see scripts/verify-long") }
        exit(status)
    }
}
