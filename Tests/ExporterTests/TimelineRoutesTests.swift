import Model
import Testing

@testable import Exporter

@Suite struct TimelineRoutesTests {
    private func body(_ target: String) -> String {
        let clock = TestClock()
        let routes = Routes(
            source: TestSource(), series: TestTimeline(), events: TestTimeline(), metrics: [], health: TestHealth(),
            time: clock, hosts: HostCheck(names: []), commandLine: [])
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let request = Request(
            method: "GET", path: parts[0], query: parts.count > 1 ? parts[1] : "", headers: [("host", "localhost")],
            body: [], origin: Request.Origin(localAddress: "127.0.0.1", scope: .everything))
        guard case .work(let work) = routes.answer(request) else { return "" }
        return String(decoding: work().body, as: UTF8.self)
    }

    @Test func stepsWithoutDataAreNull() {
        let from = SampleProfile.start / 1_000_000_000 - 2
        let answer = body("/api/v1/series?target=worker.service&function=f&from=\(from)&to=\(from + 4)")
        #expect(
            answer == """
                {"start":\(from),"step":1,"series":[{"name":"cpu","target":"worker.service","function":"f",\
                "unit":"cpus","values":[null,null,0.5,null]}]}

                """)
    }

    @Test func eventsAreWrittenWithSecondsAndEscaped() {
        let answer = body("/api/v1/events?target=worker.service&last=1m")
        #expect(answer.hasPrefix(#"{"events":[{"time":"#))
        #expect(answer.contains(#""duration":0.002,"kind":"kill","target":"worker.service","text":"\u003c"#))
        #expect(body("/api/v1/events?target=other&last=1m") == "{\"events\":[]}\n")
        #expect(body("/api/v1/events?target=*&last=1m").contains("SIGKILL"))
    }
}
