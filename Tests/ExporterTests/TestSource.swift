import Logging
import Model
import Platform
import Synchronization

@testable import Exporter

/// A store made by the test: one profile, whose newest slot ends where the test says.
final class TestSource: ProfileSource {
    private struct State {
        var profile = SampleProfile.make()
        var newest = SampleProfile.start + 10_000_000_000
        var queries: [ProfileQuery] = []
        var followsTheClock = false
        var earlier: (until: Int64, profile: Profile)?
    }

    private let state = Mutex(State())

    func targets() -> [TargetSummary] {
        var worker = TargetSummary(name: "worker.service")
        (worker.processes, worker.cpus, worker.samplesPerSecond, worker.pids) = (1, 0.8, 80, [100])
        let hostile = TargetSummary(name: "</title><script>alert(2)</script>")
        return [worker, hostile]
    }

    func profile(_ query: ProfileQuery) throws(QueryError) -> Profile {
        let profile = state.withLock {
            $0.queries.append(query)
            if let earlier = $0.earlier, query.to <= earlier.until { return earlier.profile }
            return $0.profile
        }
        if query.to <= SampleProfile.start, query.to > 0 {
            throw .outsideHistory(oldest: SampleProfile.start, newest: extent.newest)
        }
        guard profile.contexts.contains(where: query.selector.matches) else { throw .noSuchTarget("\(query.selector)") }
        return profile
    }

    var extent: (oldest: Int64, newest: Int64) {
        state.withLock { state in
            let now = SystemTime().wall()
            return (SampleProfile.start, state.followsTheClock ? now / 1_000_000_000 * 1_000_000_000 : state.newest)
        }
    }

    /// What has been asked, in order.
    var queries: [ProfileQuery] { state.withLock { $0.queries } }

    /// From now on a slot is closed with each second of the real clock.
    func followTheClock() { state.withLock { $0.followsTheClock = true } }

    func advance(to newest: Int64) { state.withLock { $0.newest = newest } }

    /// Another answer for windows that end by then.
    func answer(until: Int64, with profile: Profile) { state.withLock { $0.earlier = (until, profile) } }

    func answer(with profile: Profile) { state.withLock { $0.profile = profile } }
}

/// Numbers and events as a store would give them.
struct TestTimeline: SeriesSource, EventSource {
    func series(_ query: SeriesQuery) throws(QueryError) -> SeriesAnswer {
        if query.to <= SampleProfile.start { throw .outsideHistory(oldest: SampleProfile.start, newest: 0) }
        var grid = SeriesGrid(query)
        let end = SampleProfile.start + 1_000_000_000
        grid.cover(from: SampleProfile.start, to: end)
        grid.add(0.5e9, row: query.rows?.first ?? "worker.service", from: SampleProfile.start, to: end)
        return grid.answer(query.name, rows: query.rows)
    }

    func events(_ query: EventQuery) -> [HostEvent] {
        [
            HostEvent(
                time: SampleProfile.start + 1_500_000_000, duration: 2_000_000, kind: .kill, target: "worker.service",
                text: "</script> (100) was ended by SIGKILL")
        ].filter(query.matches)
    }
}

/// Time that stands still until the test moves it.
final class TestClock: TimeSource {
    private let now = Mutex<(wall: Int64, monotonic: UInt64)>((SampleProfile.start + 10_400_000_000, 1_000_000_000))

    func monotonic() -> UInt64 { now.withLock { $0.monotonic } }
    func wall() -> Int64 { now.withLock { $0.wall } }

    func advance(_ nanoseconds: Int64) {
        now.withLock {
            $0.wall += nanoseconds
            $0.monotonic += UInt64(nanoseconds)
        }
    }
}

final class TestHealth: HealthSource {
    private let reason = Mutex<String?>(nil)
    var unhealthy: String? { nil }
    var unready: String? { reason.withLock { $0 } }
    func becomeUnready(_ text: String) { reason.withLock { $0 = text } }
}

struct TestMetrics: MetricSource {
    func collect() -> [MetricFamily] {
        var samples = MetricFamily("hearth_target_cpu_seconds_total", .counter, help: "CPU time, \"user\" or \\system.")
        samples.add(1.5, MetricLabel("target", "quote\" back\\slash new\nline"), MetricLabel("mode", "user"))
        samples.add(0.25, MetricLabel("target", "worker.service"), MetricLabel("mode", "user"))
        let pauses = MetricFamily(
            "hearth_target_gc_pause_seconds", .histogram, help: "Pauses.",
            points: [
                MetricPoint(
                    labels: [MetricLabel("runtime", "go")],
                    value: .histogram(bounds: [0.00001, 0.1, 1], cumulative: [1, 5, 6, 7], sum: 3.25))
            ])
        return [samples, pauses, .single("hearth_sample_hertz", .gauge, help: "Rate.", 99)]
    }
}

/// A server on a free port of the loopback, and on a unix socket if asked for.
final class RunningServer: Sendable {
    let server: ExporterServer
    let source = TestSource()
    let health = TestHealth()
    let budget = StageBudget(.export, bytes: 64 << 20)

    init(limits: Limits = Limits(), listeners: [Listener]? = nil, time: any TimeSource = SystemTime()) async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .error
        let configuration = ExporterConfiguration(
            listeners: listeners ?? [Listener(.tcp(host: "127.0.0.1", port: 0))], hostNames: ["profiler.example"],
            limits: limits, commandLine: ["hearthd", "--config", "/etc/hearth/hearth.yaml"])
        server = ExporterServer(
            configuration: configuration, source: source, series: TestTimeline(), events: TestTimeline(),
            metrics: [TestMetrics()], health: health, time: time,
            logger: logger, budget: budget)
        try await server.start()
    }

    var port: Int {
        for case .tcp(_, let port) in server.boundAddresses { return port }
        return 0
    }

    func client() throws -> RawClient { try RawClient(port: port) }

    /// One request on a connection of its own.
    func ask(_ method: String = "GET", _ target: String, headers: [String] = [], body: String = "") throws
        -> RawResponse
    {
        let client = try client()
        try client.send(RawClient.request(method, target, headers: headers + ["Connection: close"], body: body))
        return try client.response(to: method)
    }

    /// Waits for a state of the server, at most half a minute.
    func waitUntil(_ condition: (RunningServer) -> Bool) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        while !condition(self) {
            guard clock.now - start < .seconds(30) else {
                throw ClientError(
                    description: "the state never came; held \(budget.usedBytes), recordings \(server.activeRecordings)"
                )
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Runs a test against a server and stops it whatever happens.
    static func with(
        limits: Limits = Limits(), listeners: [Listener]? = nil, time: any TimeSource = SystemTime(),
        _ body: @Sendable (RunningServer) async throws -> Void
    ) async throws {
        let running = try await RunningServer(limits: limits, listeners: listeners, time: time)
        do {
            try await body(running)
        } catch {
            await running.server.shutdown()
            throw error
        }
        await running.server.shutdown()
    }
}
