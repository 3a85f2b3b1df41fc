import Model
import Testing

@testable import Exporter

@Suite struct RoutesTests {
    private let source = TestSource()
    private let clock = TestClock()
    private let health = TestHealth()

    private var routes: Routes {
        Routes(
            source: source, series: TestTimeline(), events: TestTimeline(), metrics: [TestMetrics()], health: health,
            time: clock,
            hosts: HostCheck(names: ["profiler.example"]), commandLine: ["hearthd", "-v"])
    }

    private func request(
        _ target: String, _ method: String = "GET", headers: [(String, String)] = [],
        scope: Listener.Scope = .everything
    ) -> Request {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        return Request(
            method: method, path: parts[0], query: parts.count > 1 ? parts[1] : "",
            headers: [("host", "localhost:9797")].filter { _ in !headers.contains { $0.0 == "host" } } + headers,
            body: [],
            origin: Request.Origin(localAddress: "127.0.0.1", scope: scope))
    }

    /// The answer, worked out at once; a recording is not waited for.
    private func response(_ request: Request) -> Response {
        switch routes.answer(request) {
        case .now(let response): response
        case .work(let body), .recording(_, let body): body()
        }
    }

    private func get(_ target: String) -> Response { response(request(target)) }
    private func text(_ response: Response) -> String { String(decoding: response.body, as: UTF8.self) }
    private func header(_ name: String, _ response: Response) -> String? {
        response.headers.first { $0.name == name }?.value
    }

    @Test(arguments: [
        "/", "/metrics", "/healthz", "/readyz", "/debug/pprof/", "/debug/pprof/profile?last=1m", "/debug/pprof/cmdline",
        "/debug/pprof/symbol", "/api/v1/targets", "/api/v1/hot", "/api/v1/profile",
        "/api/v1/profile?format=pprof&target=worker.service&last=10s&kind=cpu&threads=1",
        "/api/v1/hot?n=1000&window=24h&sort=total",
        "/api/v1/profile?from=-5m&to=now", "/api/v1/profile?from=2026-09-21T14:13:20Z&to=1790000010",
        "/api/v1/profile?target=pid%3A100&seconds=5", "/api/v1/hot?target=unit:worker.service",
        "/?target=all&window=5m", "/api/v1/series", "/api/v1/series?name=lost&target=*&last=24h&points=2000",
        "/api/v1/series?target=pid:7&function=f&from=-5m", "/api/v1/events?target=a&last=1h", "/api/v1/events",
    ])
    func served(_ target: String) {
        let answer = get(target)
        #expect(answer.status == 200, "\(text(answer))")
        #expect(header("X-Content-Type-Options", answer) == "nosniff")
    }

    @Test func theIndexIsFoundWithoutItsSlash() {
        let answer = get("/debug/pprof")
        #expect(answer.status == 301)
        #expect(header("Location", answer) == "/debug/pprof/")
    }

    @Test(arguments: [
        ("/api/v1/profile?seconds=0", "seconds"), ("/api/v1/profile?seconds=3601", "3600"),
        ("/api/v1/profile?seconds=1.5", "whole number"),
        ("/api/v1/profile?seconds=-1", "seconds"), ("/api/v1/profile?last=5x", "10s, 5m or 24h"),
        ("/api/v1/profile?last=0s", "length"),
        ("/api/v1/profile?last=99999999999h", "length"), ("/api/v1/profile?from=yesterday", "RFC 3339"),
        ("/api/v1/profile?pid=0", "process"), ("/api/v1/hot?pid=x", "process"), ("/api/v1/hot?thred=x", "thread"),
        ("/api/v1/profile?from=-1m&to=-5m", "not before"), ("/api/v1/profile?to=-1m", "without from"),
        ("/api/v1/profile?seconds=5&last=5m", "more than one"), ("/api/v1/profile?last=5m&from=-1m", "more than one"),
        ("/api/v1/profile?formt=svg", "'format'"), ("/api/v1/profile?format=sgv", "'svg'"),
        ("/api/v1/profile?kind=memory", "cpu"),
        ("/api/v1/profile?target=pid:x", "TARGET"), ("/api/v1/profile?target=unit:", "target"),
        ("/api/v1/hot?n=0", "1000"),
        ("/api/v1/hot?n=1001", "1000"), ("/api/v1/hot?n=x", "1000"), ("/api/v1/hot?seconds=5", "unknown parameter"),
        ("/api/v1/profile?last=5m&last=6m", "twice"), ("/api/v1/profile?last=%zz", "encoded"),
        ("/api/v1/profile?target=%ff", "encoded"),
        ("/api/v1/series?name=heat", "cpu, samples, lost"), ("/api/v1/series?points=0", "2000"),
        ("/api/v1/series?points=2001", "2000"), ("/api/v1/series?target=unit:", "target"),
        ("/api/v1/series?seconds=3", "unknown parameter"), ("/api/v1/events?last=x", "length"),
        ("/api/v1/events?kind=start", "unknown parameter"),
        ("/healthz?x=1", "no parameters"), ("/api/v1/profile?threads=maybe", "flag"),
        ("/debug/pprof/profile?secs=5", "seconds"),
    ])
    func refused(_ target: String, _ word: String) {
        let answer = get(target)
        #expect(answer.status == 400, "\(target): \(text(answer))")
        #expect(text(answer).lowercased().contains(word.lowercased()) || word == "TARGET", "\(text(answer))")
    }

    @Test func refusalsAreJSONAndTextForPprof() {
        let json = get("/api/v1/hot?n=x<b>")
        #expect(header("Content-Type", json) == "application/json")
        #expect(text(json).hasPrefix(#"{"error":"#) && text(json).contains(#""hint":"#) && !text(json).contains("<b>"))
        let pprof = get("/debug/pprof/profile?seconds=x")
        #expect(header("Content-Type", pprof) == "text/plain; charset=utf-8")
        #expect(header("X-Go-Pprof", pprof) == "1")
    }

    @Test func unknownPathsAndMethods() {
        #expect(get("/metrix").status == 404)
        #expect(text(get("/metrix")).contains("/metrics"))
        #expect(get("/../etc/passwd").status == 404)
        let post = response(request("/api/v1/hot", "POST"))
        #expect(post.status == 405)
        #expect(header("Allow", post) == "GET, HEAD")
        #expect(response(request("/debug/pprof/symbol", "POST")).status == 200)
        #expect(response(request("/", "DELETE")).status == 405)
    }

    @Test(arguments: [
        ("localhost", true), ("localhost:9797", true), ("127.0.0.1", true), ("127.8.9.1:80", true),
        ("[::1]:9797", true),
        ("a.localhost", true), ("profiler.example:9797", true), ("PROFILER.example", true), ("evil.example", false),
        ("127.0.0.1.evil.example", false), ("localhost.evil.example", false), ("192.168.1.5", false), ("", false),
        ("127.1", false),
    ])
    func hosts(_ host: String, _ isServed: Bool) {
        let answer = response(request("/healthz", headers: [("host", host)]))
        #expect(answer.status == (isServed ? 200 : 403))
    }

    @Test func ourOwnAddressAndUnixSocketsNeedNoName() {
        let check = HostCheck(names: [])
        #expect(check.allows("10.1.2.3:9797", localAddress: "10.1.2.3"))
        #expect(!check.allows("10.1.2.4:9797", localAddress: "10.1.2.3"))
        #expect(check.allows("anything", localAddress: nil))
    }

    @Test func aListenerForScrapersServesNothingElse() {
        for path in ["/metrics", "/healthz", "/readyz"] {
            #expect(response(request(path, scope: .metrics)).status == 200)
        }
        for path in ["/", "/api/v1/profile", "/debug/pprof/profile?last=1m", "/api/v1/targets"] {
            #expect(response(request(path, scope: .metrics)).status == 403)
        }
    }

    @Test func readinessSaysWhy() {
        health.becomeUnready("no slot is closed yet")
        #expect(get("/readyz").status == 503)
        #expect(text(get("/readyz")) == "no slot is closed yet\n")
        #expect(get("/healthz").status == 200)
    }

    @Test func historyEndsAtTheNewestSlot() {
        _ = get("/api/v1/profile?last=5s")
        let end = SampleProfile.start + 10_000_000_000
        #expect(source.queries.last == ProfileQuery(selector: .all, from: end - 5_000_000_000 + Window.slack, to: end))
        _ = get("/api/v1/hot?from=-3s&target=worker.service")
        let now = clock.wall()
        #expect(
            source.queries.last == ProfileQuery(selector: .name("worker.service"), from: now - 3_000_000_000, to: now))
    }

    @Test func filtersReachTheStore() {
        let filter = ProfileFilter(
            function: NamePattern("a b*"), thread: NamePattern("pool-1"), pid: 100, module: NamePattern("[kernel]"))
        let text = "function=a+b*&thread=pool-1&pid=100&module=%5Bkernel%5D"
        for path in ["/api/v1/profile?last=5s&", "/api/v1/hot?last=5s&", "/debug/pprof/profile?last=5s&"] {
            #expect(get(path + text).status == 200)
            #expect(source.queries.last?.filter == filter, "\(path)")
        }
        #expect(get("/api/v1/profile?last=5s&thread=").status == 200)
        #expect(source.queries.last?.filter == .everything)
    }

    @Test func timesWithFractions() throws {
        let now = SampleProfile.start
        #expect(try Window.parseTime("1790000000.25", now: now) == 1_790_000_000_250_000_000)
        #expect(try Window.parseTime("-90s", now: now) == now - 90_000_000_000)
        #expect(try Window.parseTime("2026-09-21T16:13:20.5+02:00", now: now) == now + 500_000_000)
        for text in ["1.", ".5", "1.0000000001", "1e9", "99999999999", "-", "--5m", "1.5.2", "-1.5"] {
            #expect(throws: Refusal.self, "\(text)") { try Window.parseTime(text, now: now) }
        }
    }

    @Test func recordingsStartAtTheNearestSecond() throws {
        let second: Int64 = 1_000_000_000
        for (offset, seconds, start) in [(0, 5, 10), (500, 5, 11), (-300, 5, 10), (700, 2, 10), (700, 1, 10)]
            as [(Int64, Int64, Int64)]
        {
            let now = SampleProfile.start + 10 * second + offset * 1_000_000
            let parameters = try Parameters("seconds=\(seconds)", known: ["seconds"])
            let from = SampleProfile.start + (offset < 0 && seconds > 2 ? 10 : start) * second
            let window = try Window.parse(parameters, fallback: .last(1), now: now, newest: 0)
            #expect(window == .recording(from: from + Window.slack, to: from + seconds * second - Window.slack))
        }
        let odd = SampleProfile.start + 726_000_000
        let window = try Window.parse(
            try Parameters("seconds=5", known: ["seconds"]), fallback: .last(1), now: odd + 2 * second + 1, newest: odd)
        #expect(
            window == .recording(from: odd + 2 * second + Window.slack, to: odd + 7 * second - Window.slack),
            "slots need not start with a second")
        guard case .recording = routes.answer(request("/debug/pprof/profile")) else {
            Issue.record("no parameter means 30 seconds from now")
            return
        }
    }

    @Test func aRecordingWaitsForTheStoreAndGivesUp() {
        var recording = Recording(until: 30, now: 0)
        let second: UInt64 = 1_000_000_000
        #expect(recording.step(newest: 10, now: second) == .wait)
        #expect(recording.step(newest: 20, now: 9 * second) == .wait)
        #expect(recording.step(newest: 20, now: 19 * second) == .wait)
        #expect(recording.step(newest: 20, now: 20 * second) == .stalled)
        #expect(recording.step(newest: 30, now: 20 * second) == .done)
    }

    @Test func unknownTargetsAreNotWaitedFor() {
        guard case .now(let response) = routes.answer(request("/debug/pprof/profile?seconds=30&target=nobody")) else {
            Issue.record("waits")
            return
        }
        #expect(response.status == 404)
        #expect(get("/api/v1/profile?target=nobody").status == 404)
        #expect(get("/api/v1/profile?from=1000&to=2000").status == 404)
        #expect(text(get("/api/v1/profile?from=1000&to=2000")).contains("2026-09-21T14:13:20Z"))
    }

    @Test func headDoesNotRecord() {
        guard case .now(let response) = routes.answer(request("/debug/pprof/profile?seconds=30", "HEAD")) else {
            Issue.record("waits")
            return
        }
        #expect(response.status == 200 && !response.statesLength)
    }

    @Test func fileNamesAreHarmless() {
        let answer = get("/api/v1/profile?format=folded&target=" + "%3C%2Ftitle%3E%3Cscript%3Ealert(2)%3C%2Fscript%3E")
        #expect(
            header("Content-Disposition", answer)
                == "attachment; filename=\"hearth---title--script-alert-2---script-.folded\"")
        let pprof = get("/debug/pprof/profile?last=1m")
        #expect(header("Content-Disposition", pprof) == "attachment; filename=\"profile\"")
        #expect(header("Content-Type", pprof) == "application/octet-stream")
        #expect(pprof.body.starts(with: [0x1f, 0x8b]))
    }

    @Test func pagesForbidEverythingExternal() throws {
        for (target, word) in [
            ("/", "connect-src 'self'"), ("/api/v1/profile?format=svg", "sandbox allow-scripts"),
            ("/api/v1/profile?format=html", "sandbox"),
        ] {
            let answer = get(target)
            let policy = try #require(header("Content-Security-Policy", answer))
            #expect(policy.contains("default-src 'none'") && policy.contains(word) && !policy.contains("unsafe"))
            #expect(header("X-Frame-Options", answer) == "DENY")
            let nonce = try #require(policy.split(separator: "'nonce-").dropFirst().first?.prefix { $0 != "'" })
            #expect(text(answer).contains("<script nonce=\"\(nonce)\">"))
            #expect(header("Content-Security-Policy", get(target)) != policy, "a nonce is used once")
            for external in ["http://", "https://", "src=\"//", "@import"] {
                let rest = text(answer).replacing("http://www.w3.org/", with: "")
                #expect(!rest.contains(external), "\(target) names \(external)")
            }
        }
    }

    @Test func hotAnswersWithSharesAndTruth() {
        let answer = text(get("/api/v1/hot?n=1&target=all"))
        #expect(
            answer.contains(
                #""function":"work(int)","module":"worker","kind":"native","self":280000000,"total":480000000,"self_samples":28,"total_samples":48,"self_share":0.28,"total_share":0.48"#
            ), "\(answer)")
        for field in ["samples", "lost", "truncated", "completed", "broken", "unnamed", "period", "from", "to"] {
            #expect(answer.contains("\"\(field)\":"))
        }
        #expect(answer.contains(#""paths":[{"weight":200000000,"samples":20,"share":0.2,"functions":["#))
    }

    @Test(arguments: ["127.0.0.1:9797", "[::1]:80", "localhost:0", "unix:/run/hearth/hearth.sock"])
    func endpointsReadBack(_ text: String) { #expect(Listener.Endpoint(text)?.description == text) }

    @Test(arguments: [
        "", "9797", ":9797", "host:70000", "host:-1", "::1:9797", "unix:", "unix:relative",
        "unix:/" + String(repeating: "x", count: 108),
    ])
    func noEndpoints(_ text: String) { #expect(Listener.Endpoint(text) == nil) }
}
