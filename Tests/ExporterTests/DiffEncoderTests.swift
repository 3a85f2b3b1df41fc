import Analysis
import Foundation
import Model
import Testing

@testable import Exporter

/// A diff of the sample profile with one that has a planted change, in every format.
@Suite(.serialized) struct DiffEncoderTests {
    /// The sample profile twice as long, with `vfs_read` tripled and a stack that is gone.
    private static func after() -> Profile {
        var profile = SampleProfile.make()
        profile.startTime += 60_000_000_000
        profile.endTime = profile.startTime + 20_000_000_000
        for index in profile.samples.indices {
            let factor: Int64 = profile.samples[index].node == 6 ? 6 : 2
            profile.samples[index].count *= factor
            profile.samples[index].weight *= Double(factor)
        }
        profile.samples.removeAll { $0.node == 11 }
        profile.truth.samples = profile.samples.reduce(0) { $0 + $1.count }
        return profile
    }

    private static func document(
        _ normalization: DiffNormalization = .time, base: Profile = SampleProfile.make(), to: Profile = after(),
        maximumNodes: Int = .max
    ) -> DiffDocument {
        var builder = DiffBuilder(normalization, title: "all")
        builder.add(base, to: .base)
        builder.add(to, to: .to)
        return DiffDocument(
            diff: builder.finish(maximumNodes: maximumNodes), base: base, to: to, baseTitle: "all", title: "all")
    }

    private func object(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    @Test func jsonHasTheContractsFields() throws {
        let json = try object(DiffJSONEncoder.encode(Self.document()))
        #expect(json["normalize"] as? String == "time" && json["unit"] as? String == "cpus")
        let base = try #require(json["base"] as? [String: Any])
        #expect((base["truth"] as? [String: Any])?["samples"] as? Int == 100)
        #expect(base["seconds"] as? Double == 10)
        let rows = try #require(json["functions"] as? [[String: Any]])
        let row = try #require(rows.first { $0["function"] as? String == "vfs_read" })
        // 20 samples of 10 ms in 10 s, then 120 in 20 s.
        #expect(row["base_self"] as? Double == 0.02 && row["self"] as? Double == 0.06)
        #expect(row["delta_self"] as? Double == 0.04 && row["significant"] as? Bool == true)
        let low = try #require(row["delta_self_low"] as? Double)
        let high = try #require(row["delta_self_high"] as? Double)
        #expect(low > 0.02 && low < 0.04 && abs((low + high) / 2 - 0.04) < 1e-8)
        #expect(rows.first?["function"] as? String == "vfs_read", "the significant ones first")
        let names = try #require(json["names"] as? [[String]])
        let nodes = try #require(json["nodes"] as? [[Double]])
        #expect(nodes.allSatisfy { $0.count == 12 && names.indices.contains(Int($0[1])) })
        #expect(nodes[0][0] == -1 && nodes[0][2] == 0.1)
        for index in nodes.indices.dropFirst() { #expect(nodes[index][0] < Double(index)) }
    }

    @Test func foldedHasTwoNumbers() {
        let text = String(decoding: DiffFoldedEncoder.encode(Self.document()), as: UTF8.self)
        // Microseconds; those of the base for 20 s as well.
        #expect(text.contains("\nmain;do_syscall_64_[k];vfs_read_[k] 400000 1200000\n"), "\(text)")
        #expect(text.contains("\nmain;work(int);work(int) 400000 400000\n"), "\(text)")
        #expect(text.contains("main 240000 0\n"))
    }

    @Test func whatIsTheSameIsEmpty() throws {
        let same = Self.document(base: SampleProfile.make(), to: SampleProfile.make())
        #expect((try object(DiffJSONEncoder.encode(same))["functions"] as? [Any])?.isEmpty == true)
        var pair = ProfilePair(same.to)
        pair.subtract(same.base, scale: same.baseScale)
        #expect(pair.profile.samples.isEmpty)
        #expect(pair.profile.frames.count == SampleProfile.make().frames.count)
        let graph = String(decoding: DiffSVGEncoder.encode(same), as: UTF8.self)
        #expect(
            !graph.contains("class=\"f grew") && !graph.contains("class=\"f fell") && graph.contains("class=\"f same"))
    }

    @Test func graphsAreWellFormedAndEscaped() throws {
        let svg = DiffSVGEncoder.encode(Self.document())
        #expect(XMLSyntax(svg).isBalanced)
        let text = String(decoding: svg, as: UTF8.self)
        #expect(text.contains("class=\"f grew d2\"") && text.contains("vfs_read"))
        #expect(!text.contains("<script>alert"))
        let page = String(decoding: DiffHTMLEncoder.encode(Self.document()), as: UTF8.self)
        #expect(!page.contains("<script>alert") && page.contains("<td>vfs_read</td>"))
        #expect(!page.contains("<?xml"))
    }

    @Test func speedscopeHasBothSides() throws {
        let json = try object(SpeedscopeEncoder.encode(diff: Self.document()))
        let profiles = try #require(json["profiles"] as? [[String: Any]])
        let frames = try #require((json["shared"] as? [String: Any])?["frames"] as? [Any])
        #expect(profiles.map { $0["endValue"] as? Int } == [2_560_000_000, 1_000_000_000])
        for profile in profiles {
            let samples = try #require(profile["samples"] as? [[Int]])
            #expect(samples.joined().allSatisfy { frames.indices.contains($0) })
            #expect((profile["weights"] as? [Int])?.count == samples.count)
        }
    }

    /// The real tool shows of our file what it shows itself by `-diff_base`; here nothing has to be scaled.
    @Test func theToolMakesTheSameDifference() throws {
        guard let go = ExternalTool("go") else { return }
        var to = Self.after()
        to.endTime = to.startTime + 10_000_000_000
        let document = Self.document(to: to)
        let folder = try TemporaryFolder()
        let ours = try folder.write(DiffPprof.encode(document), to: "diff.pb.gz")
        let base = try folder.write(
            PprofEncoder.encode(ProfileDocument(profile: document.base, target: "all")), to: "base.pb.gz")
        let after = try folder.write(PprofEncoder.encode(ProfileDocument(profile: to, target: "all")), to: "to.pb.gz")
        let options = ["tool", "pprof", "-top", "-nodecount=1000", "-nodefraction=0", "-sample_index=cpu"]
        let own = try go.run(options + [ours])
        let tools = try go.run(options + ["-diff_base", base, after])
        #expect(own.status == 0 && tools.status == 0, "\(own.errors) \(tools.errors)")
        let rows = Self.rows(own.output)
        #expect(rows == Self.rows(tools.output), "\(own.output)\n\(tools.output)")
        #expect(rows.contains { $0.contains("vfs_read") && $0.hasPrefix("1000ms") }, "\(rows)")
        #expect(rows.contains { $0.hasPrefix("-") }, "what is gone is negative: \(rows)")
    }

    /// The table below its head, which names the file.
    private static func rows(_ text: String) -> [String] {
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        guard let head = lines.firstIndex(where: { $0.hasPrefix("flat flat%") }) else { return [] }
        return lines[(head + 1)...].sorted()
    }
}
