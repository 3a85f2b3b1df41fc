import Model
import TestKit
import Testing

@testable import Exporter

/// What strangers ask over HTTP: whatever the query is, it has an answer, and a refusal says what is wrong.
@Suite struct RequestFuzzTests {
    private static let now: Int64 = 1_800_000_000_000_000_000
    private static let known = Window.parameters + ["target", "kind", "n", "format", "window", "function", "pid"]
    private static let queries = [
        "target=all&last=5m&kind=cpu&format=pprof", "target=exe%3Aa+b&from=-5m&to=-1m", "seconds=10&n=10",
        "from=2026-01-31T12%3A00%3A00Z&to=now&target=pid:12", "window=24h&function=a%20b", "to=1&from=0&pid=7",
        "target=container:0123456789abcdef&from=2026-01-31T12:00:00.5%2B02:00",
    ]

    @Test(arguments: 1...8 as ClosedRange<UInt64>) func mutations(seed: UInt64) {
        var generator = SeededGenerator(seed)
        var (answered, refused) = (0, 0)
        for _ in 0..<1000 {
            let query = Self.queries[generator.below(Self.queries.count)]
            let changed = String(decoding: generator.mutated(Array(query.utf8)), as: UTF8.self)
            if ask(changed) { answered += 1 } else { refused += 1 }
            _ = TimeSpan.parse(changed)
            _ = Timestamp.parse(changed)
            _ = Negotiation.metricFormat(accept: changed)
            _ = Negotiation.acceptsGzip(changed)
            _ = HostCheck(names: ["a.example"]).allows(changed, localAddress: "127.0.0.1")
        }
        #expect(answered > 50 && refused > 50)
    }

    /// Whether the query is understood.
    private func ask(_ query: String) -> Bool {
        do throws(Refusal) {
            let parameters = try Parameters(query, known: Self.known)
            _ = parameters["target"].flatMap { TargetSelector($0) }
            switch try Window.parse(parameters, fallback: .last(1_000_000_000), now: Self.now, newest: Self.now - 1) {
            case .recording(let from, let to): #expect(from < to)
            case .history(let from, let to): #expect(from <= to)
            }
            return true
        } catch {
            #expect((400..<500).contains(error.status) && !error.message.isEmpty && !error.hint.isEmpty)
            return false
        }
    }
}
