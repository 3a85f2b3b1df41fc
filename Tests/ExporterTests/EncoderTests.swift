import Analysis
import Foundation
import Model
import SwiftProtobuf
import Testing

@testable import Exporter

@Suite struct EncoderTests {
    static let document = ProfileDocument(
        profile: SampleProfile.make(), target: "all", levels: [.target, .process])

    @Test(arguments: ["folded", "svg", "html", "speedscope", "json"])
    func textFormatsMatchTheirGoldenFiles(_ name: String) throws {
        let format = try #require(ProfileFormat.named(name))
        let actual = format.encode(Self.document)
        let expected = try Golden.expected("profile" + format.fileEnding, from: actual)
        #expect(String(decoding: actual, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
    }

    @Test func pprofMatchesItsGoldenFile() throws {
        let message = try PprofProfile(serializedBytes: PprofEncoder.message(Self.document))
        let actual = Array(message.textFormatString().utf8)
        let expected = try Golden.expected("profile.pprof.txt", from: actual)
        #expect(String(decoding: actual, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
    }

    @Test func everyFormatSurvivesAnEmptyProfile() {
        let empty = ProfileDocument(
            profile: Profile(kind: .cpu, startTime: 0, endTime: 0, period: 0), target: "", levels: [.target])
        for format in ProfileFormat.all { #expect(format.name == "folded" || !format.encode(empty).isEmpty) }
    }

    @Test func foldedCountsAddUpToTheSamples() {
        let text = String(decoding: FoldedEncoder.encode(Self.document), as: UTF8.self)
        let lines = text.split(separator: "\n")
        let counts = lines.map { Int64($0.split(separator: " ").last ?? "") }
        #expect(counts.compactMap { $0 }.reduce(0, +) == 100)
        #expect(counts.count == lines.count && !counts.contains(nil))
        #expect(lines.contains("worker.service;worker;main;do_syscall_64_[k];vfs_read_[k] 20"))
        #expect(lines.contains("worker.service;worker;main;work(int);work(int);fold_[i] 20"))
    }

    @Test(arguments: ["json", "speedscope"])
    func jsonIsReadByAnotherParser(_ name: String) throws {
        let format = try #require(ProfileFormat.named(name))
        let object = try JSONSerialization.jsonObject(with: Data(format.encode(Self.document)))
        let root = try #require(object as? [String: Any])
        let truth = try #require(root["truth"] as? [String: Any])
        #expect(truth["samples"] as? Int == 100)
        #expect(truth["unnamed"] as? Int == 10)
        #expect(truth["from"] as? String == "2026-09-21T14:13:20Z")
        #expect(truth["from_unix_nanoseconds"] as? Int64 == SampleProfile.start)
    }

    @Test func speedscopeWeightsAreTheProfile() throws {
        let object = try JSONSerialization.jsonObject(with: Data(SpeedscopeEncoder.encode(Self.document)))
        let root = try #require(object as? [String: Any])
        let profile = try #require((root["profiles"] as? [[String: Any]])?.first)
        let samples = try #require(profile["samples"] as? [[Int]])
        let weights = try #require(profile["weights"] as? [Int])
        let frames = try #require((root["shared"] as? [String: Any])?["frames"] as? [[String: Any]])
        #expect(samples.count == weights.count)
        #expect(weights.reduce(0, +) == 1_000_000_000)
        #expect(samples.joined().allSatisfy { frames.indices.contains($0) })
        #expect(samples.allSatisfy { frames[$0[0]]["name"] as? String != "main" }, "targets are outermost")
    }
}

/// Names come from other people's binaries.
@Suite struct EscapingTests {
    @Test func noNameLeavesItsPlaceInADocument() throws {
        for name in ["svg", "html"] {
            let format = try #require(ProfileFormat.named(name))
            let text = String(decoding: format.encode(EncoderTests.document), as: UTF8.self)
            #expect(!text.contains("<script>alert"))
            #expect(!text.contains("</title><script"))
            #expect(!text.contains("\u{1}"))
            #expect(text.components(separatedBy: "</script>").count == (name == "svg" ? 2 : 3))
        }
    }

    @Test func theSVGIsWellFormedXML() throws {
        let parser = XMLSyntax(SVGEncoder.encode(EncoderTests.document))
        #expect(parser.isBalanced)
    }

    @Test func jsonEscapesWhatScriptsAndParsersTrip() {
        var json = JSONWriter()
        json.array { $0.value("</script>\"\\\u{0}\u{1f}\u{2028}\u{7f}é\u{10ffff}") }
        let text = String(decoding: json.bytes, as: UTF8.self)
        #expect(text == #"["\u003c/script\u003e\"\\\u0000\u001f\u2028\u007fé"# + "\u{10ffff}\"]")
    }

    @Test func markupEscapesAndReplaces() {
        #expect(
            Markup.escape("<a b='c' d=\"&\">\u{0}\u{fffe}\n")
                == "&lt;a b=&#39;c&#39; d=&quot;&amp;&quot;&gt;\u{fffd}\u{fffd} ")
        #expect(Markup.escape(String(decoding: [0x61, 0xff, 0x62] as [UInt8], as: UTF8.self)) == "a\u{fffd}b")
    }

    @Test func templatesAreFilledOnce() {
        #expect(Markup.fill("a{{x}}b{{y}}c{{", ["x": "{{y}}", "y": "2"]) == "a{{y}}b2c{{")
    }

    @Test func gzipIsReadByGunzip() throws {
        guard let gunzip = ExternalTool("gzip") else { return }
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) | 0x20 }
        let packed = try #require(Gzip.compress(bytes.map { $0 & 0x7f }))
        let result = try gunzip.run(["-dc"], input: packed)
        #expect(result.status == 0)
        #expect(Array(result.output.utf8) == bytes.map { $0 & 0x7f })
    }
}

/// As much of XML as it takes to see that tags are balanced and text is escaped.
struct XMLSyntax {
    private(set) var isBalanced: Bool

    init(_ bytes: [UInt8]) {
        var open: [Substring] = []
        var rest = String(decoding: bytes, as: UTF8.self)[...]
        isBalanced = true
        while let start = rest.firstIndex(of: "<") {
            rest = rest[start...]
            if rest.hasPrefix("<![CDATA[") {
                guard let end = rest.range(of: "]]>") else { break }
                rest = rest[end.upperBound...]
                continue
            }
            guard let end = rest.firstIndex(of: ">") else { break }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("?") || tag.hasSuffix("/") { continue }
            if tag.hasPrefix("/") {
                isBalanced = isBalanced && open.popLast() == tag.dropFirst()
            } else {
                open.append(tag.prefix { !$0.isWhitespace })
            }
        }
        isBalanced = isBalanced && open.isEmpty
    }
}

@Suite struct TextTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400_000_000_000, "2000-02-29T00:00:00Z"),
            (1_790_000_000_123_456_789, "2026-09-21T14:13:20.123456789Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
            (4_107_542_399_500_000_000, "2100-02-28T23:59:59.5Z"),
        ] as [(Int64, String)])
    func timestamps(_ nanoseconds: Int64, _ text: String) {
        #expect(Timestamp.rfc3339(nanoseconds) == text)
        if nanoseconds >= 0 { #expect(Timestamp.parse(text) == nanoseconds) }
    }

    @Test func timestampsReadBack() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let time = Int64.random(in: 0...9_000_000_000_000_000_000, using: &random)
            #expect(Timestamp.parse(Timestamp.rfc3339(time)) == time)
        }
    }

    @Test(arguments: [
        "", "2026", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00Zx", "9999-01-01T00:00:00Z",
    ])
    func noTimestamps(_ text: String) { #expect(Timestamp.parse(text) == nil) }

    @Test func offsetsCount() {
        #expect(Timestamp.parse("2026-01-01T02:00:00+02:00") == Timestamp.parse("2026-01-01T00:00:00Z"))
        #expect(Timestamp.httpDate(784_111_777_000_000_000) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }

    @Test(
        arguments: [
            ("10s", 10_000_000_000), ("5m", 300_000_000_000), ("24h", 86_400_000_000_000), ("250ms", 250_000_000),
            ("7", 7_000_000_000),
        ] as [(String, Int64)])
    func lengths(_ text: String, _ nanoseconds: Int64) { #expect(TimeSpan.parse(text) == nanoseconds) }

    @Test(arguments: ["", "s", "-1s", "1.5s", "10 s", "1y", "99999999999999999999h", "9223372036854775807h"])
    func noLengths(_ text: String) { #expect(TimeSpan.parse(text) == nil) }

    @Test func numbersAreExact() {
        #expect(NumberText.fixed(12.345, digits: 2) == "12.35" || NumberText.fixed(12.345, digits: 2) == "12.34")
        #expect(NumberText.fixed(-0.5, digits: 1) == "-0.5")
        #expect(NumberText.fixed(3, digits: 0) == "3")
        #expect(NumberText.rounded(.infinity) == .max)
        #expect(NumberText.rounded(.nan) == 0)
        #expect(NumberText.json(.nan) == "0")
        #expect(NumberText.plain(1e20) == "1e+20")
    }
}
