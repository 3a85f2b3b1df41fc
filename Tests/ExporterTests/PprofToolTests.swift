import Analysis
import Foundation
import Model
import Testing

@testable import Exporter

/// The real `go tool pprof` and `protoc` read what we write.
@Suite(.serialized) struct PprofToolTests {
    private static let document = ProfileDocument(profile: SampleProfile.make(), target: "all")

    private func pprof(_ arguments: [String], _ file: String) throws -> String? {
        guard let go = ExternalTool("go") else { return nil }
        let result = try go.run(["tool", "pprof"] + arguments + [file])
        #expect(result.status == 0, "\(result.errors)")
        return result.output
    }

    @Test func topShowsWhatAnalysisComputes() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(PprofEncoder.encode(Self.document), to: "p.pb.gz")
        for (index, scale) in [("cpu", 10_000_000.0), ("samples", 1.0)] {
            let unit = index == "cpu" ? ["-unit=ns"] : []
            let arguments = ["-top", "-nodecount=1000", "-nodefraction=0", "-sample_index=\(index)"] + unit
            guard let text = try pprof(arguments, file) else { return }
            let rows = Self.rows(text)
            for hot in HotPaths.functions(of: Self.document.profile) {
                // pprof leaves out what it takes for template arguments.
                guard !hot.function.name.contains("<") else { continue }
                let name = PlainText.line(hot.function.name)
                let row = try #require(rows[name], "\(name) in\n\(text)")
                #expect(row.flat == Double(hot.selfCount) * scale)
                #expect(row.cumulative == Double(hot.totalCount) * scale)
            }
        }
    }

    /// Lines `flat flat% sum% cum cum% name`.
    private static func rows(_ text: String) -> [String: (flat: Double, cumulative: Double)] {
        var rows: [String: (flat: Double, cumulative: Double)] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard fields.count == 6, fields[1].hasSuffix("%"), let flat = number(fields[0]),
                let total = number(fields[3])
            else { continue }
            var name = fields[5].drop { $0 == " " }
            if name.hasSuffix(" (inline)") { name = name.dropLast(9) }
            rows[String(name)] = (flat, total)
        }
        return rows
    }

    private static func number(_ text: Substring) -> Double? {
        Double(text.hasSuffix("ns") ? text.dropLast(2) : text)
    }

    @Test func labelsCanBeFocusedOn() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(PprofEncoder.encode(Self.document), to: "p.pb.gz")
        guard let tags = try pprof(["-tags", "-sample_index=samples"], file) else { return }
        for expected in ["target", "worker.service", "pool-1", "pool-2", "comm", "unit", "pid", "tid"] {
            #expect(tags.contains(expected), "\(expected) in\n\(tags)")
        }
        for focus in ["thread=pool-2", "pid=100", "target=worker"] {
            let text = try #require(
                try pprof(["-top", "-nodefraction=0", "-sample_index=samples", "-tagfocus=\(focus)"], file))
            let total = focus == "thread=pool-2" ? 25 : 80
            #expect(text.contains("accounting for \(total),"), "\(focus)\n\(text)")
        }
    }

    @Test func rawShowsMappingsLinesAndComments() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(PprofEncoder.encode(Self.document), to: "p.pb.gz")
        guard let raw = try pprof(["-raw"], file) else { return }
        for expected in [
            "/srv/bin/worker 00112233445566778899aabbccddeeff00112233 [FN][FL][LN][IN]", "[kernel]  [FN]",
            "samples: 100", "lost: 3",
            "unnamed: 10", "Period: 10101010", "0xabc M=3 libstripped.so.1+0xabc",
            "work(int) /src/worker.cc:25 s=0(_Z4worki)", "Duration: 10s",
        ] {
            #expect(raw.contains(expected), "\(expected) in\n\(raw)")
        }
        #expect(raw.contains("1: 0x0/0x2000/0x0 /srv/bin/worker"), "the main binary comes first\n\(raw)")
    }

    @Test func protocDecodesTheMessage() throws {
        guard let protoc = ExternalTool("protoc") else { return }
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Exporter/Encoders/Pprof")
        let result = try protoc.run(
            ["-I", source.path, "--decode", "perftools.profiles.Profile", "profile.proto"],
            input: PprofEncoder.message(Self.document))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("string_table: \"_Z4worki\""))
        #expect(!result.output.contains("\n16:"), "no unknown fields")
    }
}
