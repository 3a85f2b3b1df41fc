import Analysis
import Foundation
import Model
import Testing

@testable import Exporter

/// A store of one-second slots, or of coarser blocks, in which `late` runs in the second half only, twice as much as
/// `early` did in the first.
private struct SlotSource: ProfileSource {
    static let second: Int64 = 1_000_000_000
    static let start = SampleProfile.start
    static let seconds: Int64 = 120
    /// Seconds of one block.
    var block: Int64 = 1

    func targets() -> [TargetSummary] { [] }
    var extent: (oldest: Int64, newest: Int64) { (Self.start, Self.start + Self.seconds * Self.second) }

    func profile(_ query: ProfileQuery) throws(QueryError) -> Profile {
        if case .name(let name) = query.selector, !["app", "idle"].contains(name) { throw .noSuchTarget(name) }
        let length = block * Self.second
        let first = max(0, (query.from - Self.start) / length)
        let last = min(Self.seconds / block - 1, (query.to - 1 - Self.start) / length)
        guard first <= last else { throw .outsideHistory(oldest: extent.oldest, newest: extent.newest) }
        var profile = Profile(
            kind: .cpu, startTime: Self.start + first * length, endTime: Self.start + (last + 1) * length, period: 1)
        profile.modules = [ModuleInfo(kind: .elf, path: "/bin/app", buildID: "")]
        profile.frames = ["main", "early", "late"].enumerated().map { index, name in
            ProfileFrame(
                module: 0, address: UInt64(index), name: .lines([SourceLine(function: name, systemName: name)]))
        }
        profile.nodes = [
            .root, StackNode(parent: 0, frame: 0), StackNode(parent: 1, frame: 1), StackNode(parent: 1, frame: 2),
        ]
        profile.contexts = [
            SampleContext(target: "app", process: ProcessKey(pid: 1, start: 1), tid: 1, thread: "t", comm: "app")
        ]
        guard query.selector != .name("idle") else { return profile }
        for block in first...last { add(block, to: &profile) }
        return profile
    }

    private func add(_ number: Int64, to profile: inout Profile) {
        for second in number * block..<(number + 1) * block {
            let isLate = second >= Self.seconds / 2
            // 50 and 100 samples of 5 ms, more or less.
            let count = (isLate ? 100 : 50) + second * 7 % 11 - 5
            profile.samples.append(
                ProfileSample(node: isLate ? 3 : 2, context: 0, count: count, weight: Double(count) * 5e6))
            profile.truth.samples += count
        }
    }
}

@Suite struct DiffRouteTests {
    private func ask(_ query: String, block: Int64 = 1) throws -> Answered {
        let clock = TestClock()
        clock.advance(SlotSource.start + SlotSource.seconds * SlotSource.second - clock.wall())
        let routes = Routes(
            source: SlotSource(block: block), series: TestTimeline(), events: TestTimeline(), metrics: [],
            health: TestHealth(), time: clock,
            hosts: HostCheck(names: []), commandLine: [])
        let request = Request(
            method: "GET", path: "/api/v1/diff", query: query, headers: [("host", "localhost")], body: [],
            origin: Request.Origin(localAddress: "127.0.0.1", scope: .everything))
        switch routes.answer(request) {
        case .now(let response): return Answered(response)
        case .work(let work), .recording(_, let work): return Answered(work())
        }
    }

    private struct Answered {
        var status: Int
        var text: String
        var headers: [String: String]

        init(_ response: Response) {
            status = response.status
            text = String(decoding: response.body, as: UTF8.self)
            headers = Dictionary(response.headers.map { ($0.name, $0.value) }) { $1 }
        }

        var object: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]) ?? [:]
        }

        func row(_ name: String) throws -> [String: Any] {
            let rows = object["functions"] as? [[String: Any]]
            return try #require(rows?.first { $0["function"] as? String == name }, "\(text.prefix(600))")
        }
    }

    /// The second minute against the first, however the store keeps them.
    @Test(arguments: [(1, 20), (5, 12), (30, 0)] as [(Int64, Int)]) func blocks(_ block: Int64, _ parts: Int) throws {
        let answer = try ask("target=app&base=-120s..-60s&to=60s", block: block)
        #expect(answer.status == 200)
        let late = try answer.row("late")
        // 100 samples a second of 5 ms.
        #expect(abs(try #require(late["delta_self"] as? Double) - 0.5) < 0.005)
        #expect(abs(try #require(try answer.row("early")["delta_self"] as? Double) + 0.25) < 0.005)
        #expect(late["significant"] as? Bool == true)
        let sides = [answer.object["base"], answer.object["to"]].map { $0 as? [String: Any] }
        #expect(sides.map { $0?["parts"] as? Int } == [parts, parts])
        #expect(sides.map { $0?["seconds"] as? Double } == [60, 60])
        #expect((answer.object["unit"] as? String) == "cpus")
    }

    @Test func theWindowBeforeIsTheBase() throws {
        let answer = try ask("target=app&to=60s")
        #expect(try answer.row("early")["base_self"] as? Double ?? 0 > 0.2)
        let base = (answer.object["base"] as? [String: Any])?["truth"] as? [String: Any]
        #expect(base?["from"] as? String == "2026-09-21T14:13:20Z")
    }

    @Test func twoTargets() throws {
        let answer = try ask("target=app&base_target=idle&base=60s&to=60s&normalize=time")
        #expect(abs(try #require(try answer.row("late")["delta_total"] as? Double) - 0.5) < 0.005)
        #expect((answer.object["base"] as? [String: Any])?["target"] as? String == "idle")
        #expect(try ask("target=app&base_target=nobody&base=60s&to=60s").status == 404)
        #expect(try ask("target=nobody&base=-120s..-60s&to=60s").status == 404)
    }

    @Test func theSameWindowTwiceIsEmpty() throws {
        for way in ["time", "total"] {
            let answer = try ask("target=app&base=30s&to=30s&normalize=\(way)")
            #expect((answer.object["functions"] as? [Any])?.isEmpty == true, "\(answer.text.prefix(500))")
        }
    }

    @Test(arguments: [
        ("json", "application/json"), ("pprof", "application/octet-stream"), ("folded", "text/plain; charset=utf-8"),
        ("svg", "image/svg+xml"), ("html", "text/html; charset=utf-8"), ("speedscope", "application/json"),
    ])
    func formats(_ name: String, _ type: String) throws {
        let answer = try ask("target=app&base=-120s..-60s&to=60s&format=\(name)")
        #expect(answer.status == 200 && answer.headers["Content-Type"] == type && !answer.text.isEmpty)
        #expect(answer.headers["Content-Disposition"]?.contains("hearth-app-diff") == true)
        let hasPolicy = answer.headers["Content-Security-Policy"] != nil
        #expect(hasPolicy == ["json", "svg", "html"].contains(name))
        if name == "folded" { #expect(answer.text.contains("main;early 15005000 0\n"), "\(answer.text)") }
    }

    @Test(arguments: [
        ("base=5m..1m..2m", "not a time"), ("base=-1m..-5m", "ends before"), ("to=soon", "length"),
        ("to=..", "not a time"), ("normalize=both", "normalize"), ("format=jsn", "json"),
        ("base_target=pid:x", "target"),
        ("last=5m", "parameter"), ("pid=-1", "process"),
    ])
    func refused(_ query: String, _ word: String) throws {
        let answer = try ask(query)
        #expect(answer.status == 400 && answer.text.contains(word), "\(query): \(answer.text)")
    }
}
