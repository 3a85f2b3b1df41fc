import Foundation
import Testing

@testable import Configuration

/// Mutations of the shipped file never trap or hang: they parse, or every problem has the file's name.
struct FuzzTests {
    @Test(arguments: 0..<8) func mutations(seed: UInt64) throws {
        let original = try Array(Data(contentsOf: URL(filePath: ShippedFileTests.path)))
        // Without comments mutations hit what is parsed.
        let bare = Array(
            String(decoding: original, as: UTF8.self).split(separator: "\n")
                .filter { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("#") }.joined(separator: "\n").utf8)
        var random = Seeded(state: seed &+ 1)
        var refused = 0
        for _ in 0..<400 {
            let bytes = mutate(bare, &random)
            do {
                _ = try Configuration(yaml: bytes, file: "m")
            } catch {
                refused += 1
                #expect(!error.problems.isEmpty && error.description.hasPrefix("m:"))
            }
        }
        #expect(refused > 100, "mutations that nothing notices")
    }

    func mutate(_ bytes: [UInt8], _ random: inout Seeded) -> [UInt8] {
        var bytes = bytes
        let hostile = Array("{}[]&*:-?|>!%@`\"'#,\n\t \0~\\\u{FF}9".utf8)
        for _ in 0...Int.random(in: 0..<4, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.insert(hostile.randomElement(using: &random) ?? 0, at: at)
            case 2: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...40, using: &random)))
            case 3: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 60)], at: at)
            default: bytes.removeSubrange(at...)
            }
        }
        return bytes
    }
}

/// splitmix64: the same mutations in every run.
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
