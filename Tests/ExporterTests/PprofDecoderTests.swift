import Analysis
import Foundation
import Model
import TestKit
import Testing

@testable import Exporter

/// Reading back what we write, and what others or nobody sane would write.
@Suite struct PprofDecoderTests {
    private static let profile = SampleProfile.make()
    private static let file = PprofEncoder.encode(ProfileDocument(profile: profile, target: "all"))
    private static let message = PprofEncoder.message(profile, base: nil)

    @Test func whatWasWrittenIsRead() throws {
        let read = try PprofDecoder.decode(Self.file)
        #expect(read.startTime == Self.profile.startTime && read.endTime == Self.profile.endTime)
        #expect(read.period == Self.profile.period)
        #expect(read.truth == Self.profile.truth)
        // Names come back as the file may hold them: without control characters.
        let expected = HotPaths.functions(of: Self.profile).map { hot in
            var hot = hot
            hot.function.name = PlainText.line(hot.function.name)
            if hot.function.kind == .marker { hot.function.module = "[hearth]" }
            return hot
        }
        #expect(Set(HotPaths.functions(of: read)) == Set(expected))
        #expect(Set(read.contexts.map(\.thread)) == Set(Self.profile.contexts.map(\.thread)))
        #expect(Set(read.contexts.map(\.process.pid)) == [100, 200])
        #expect(read.modules.contains { $0.buildID == "00112233445566778899aabbccddeeff00112233" })
        #expect(read.nodes.indices.dropFirst().allSatisfy { read.nodes[$0].parent < Int32($0) })
    }

    @Test func uncompressedFilesAndSeveralMembersAreRead() throws {
        #expect(try PprofDecoder.decode(Self.message).truth.samples == 100)
        let half = Self.message.count / 2
        let first = try #require(Gzip.compress(Array(Self.message[..<half])))
        let second = try #require(Gzip.compress(Array(Self.message[half...])))
        #expect(try PprofDecoder.decode(first + second).truth.samples == 100)
    }

    /// A profile of what `go test -cpuprofile` writes has no labels and no counts of ours.
    @Test func profilesOfGoAreRead() throws {
        guard let go = ExternalTool("go") else { return }
        let folder = try TemporaryFolder()
        let source = """
            package main
            import ("os"; "runtime/pprof"; "time")
            func spin(end time.Time) (n int) { for time.Now().Before(end) { n++ }; return }
            func main() {
                file, _ := os.Create(os.Args[1]); pprof.StartCPUProfile(file)
                spin(time.Now().Add(700 * time.Millisecond)); pprof.StopCPUProfile(); file.Close()
            }
            """
        let program = try folder.write(Array(source.utf8), to: "main.go")
        let output = folder.url.appendingPathComponent("go.pb.gz")
        #expect(try go.run(["run", program, output.path]).status == 0)
        let read = try PprofDecoder.decode(Array(try Data(contentsOf: output)))
        #expect(read.truth.samples > 10 && read.period == 10_000_000 && read.endTime > read.startTime)
        #expect(HotPaths.functions(of: read, by: .byTotal).contains { $0.function.name == "main.spin" })
    }

    @Test func damagedFilesAreRefused() throws {
        let cut = Array(Self.file.dropLast(20))
        for bytes in [[], [1, 2, 3], Array("hello".utf8), cut, [0x1f, 0x8b], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0]] {
            #expect(throws: PprofError.self, "\(bytes.prefix(10))") { try PprofDecoder.decode(bytes) }
        }
    }

    @Test func aDifferenceIsNoProfile() throws {
        let pair = ProfilePair(SampleProfile.make())
        var negative = pair.profile
        negative.samples[0].count = -1
        let bytes = PprofEncoder.message(negative, base: nil)
        #expect(throws: PprofError.unsuitable("the profile is already a difference: it has negative values")) {
            try PprofDecoder.decode(bytes)
        }
    }

    /// A bomb: 1 GiB of zeros in a megabyte.
    @Test func decompressionIsBounded() throws {
        var limits = PprofDecoder.Limits()
        limits.bytes = 1 << 20
        let bomb = try #require(Gzip.compress([UInt8](repeating: 0, count: 64 << 20)))
        #expect(bomb.count < 100_000)
        #expect(throws: PprofError.tooLarge("more than 1 MiB decompressed")) {
            try PprofDecoder.decode(bomb, limits: limits)
        }
    }

    @Test func tablesAndStacksAreBounded() throws {
        var limits = PprofDecoder.Limits()
        limits.entries = 3
        #expect(throws: PprofError.self) { try PprofDecoder.decode(Self.message, limits: limits) }
        limits = PprofDecoder.Limits()
        limits.depth = 2
        #expect(throws: PprofError.tooLarge("a list of more than 2 numbers")) {
            try PprofDecoder.decode(Self.message, limits: limits)
        }
        limits = PprofDecoder.Limits()
        limits.nodes = 4
        #expect(throws: PprofError.tooLarge("more than 4 distinct paths")) {
            try PprofDecoder.decode(Self.message, limits: limits)
        }
    }

    /// Thousands of damaged files: refused, or read into a profile whose indices hold.
    @Test func mutations() throws {
        var generator = SeededGenerator(7)
        var read = 0
        for _ in 0..<6000 {
            guard let profile = try? PprofDecoder.decode(generator.mutated(Self.message)) else { continue }
            read += 1
            #expect(profile.samples.allSatisfy { profile.nodes.indices.contains(Int($0.node)) && $0.count >= 0 })
            #expect(profile.samples.allSatisfy { profile.contexts.indices.contains(Int($0.context)) })
            #expect(profile.frames.allSatisfy { profile.modules.indices.contains(Int($0.module)) })
            #expect(profile.endTime >= profile.startTime && profile.period >= 0)
            _ = HotPaths.functions(of: profile)
        }
        #expect(read > 100)
    }
}
