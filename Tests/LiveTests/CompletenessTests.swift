import TestKit
import Testing

extension LiveSuites {
    /// Stacks of programs of the field reach their root: a sample of what `Benchmarks/bench-complete` measures in full.
    @Suite struct CompletenessTests {
        @Test(arguments: ["C++ compile", "python3", "Go", "musl, static"]) func complete(program: String) throws {
            let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
            let daemon = LiveDaemon.program("hearthd")
            let folder = daemon.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            let result = try Command.run(
                "\(root)/Benchmarks/bench-complete", ["--no-write", "--seconds", "3", program],
                environment: ["HEARTH_BINARIES": folder.joined(separator: "/")], limit: 120)
            #expect(result.status == 0, "\(result.output)\n\(result.errors)")
        }
    }
}
