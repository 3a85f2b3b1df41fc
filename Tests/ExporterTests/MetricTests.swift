import Model
import Testing

@testable import Exporter

@Suite struct MetricTests {
    private func text(_ families: [MetricFamily], _ format: MetricFormat = .prometheus) -> String {
        String(decoding: PrometheusText.encode(families, as: format), as: UTF8.self)
    }

    @Test(arguments: [(MetricFormat.prometheus, "metrics.prom"), (.openMetrics, "metrics.openmetrics")])
    func textMatchesItsGoldenFile(_ format: MetricFormat, _ name: String) throws {
        let actual = PrometheusText.encode(TestMetrics().collect(), as: format)
        let expected = try Golden.expected(name, from: actual)
        #expect(String(decoding: actual, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
    }

    @Test func promtoolFindsNothingWrong() throws {
        guard let promtool = ExternalTool("promtool") else { return }
        let result = try promtool.run(
            ["check", "metrics"], input: PrometheusText.encode(TestMetrics().collect(), as: .prometheus))
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let broken = try promtool.run(
            ["check", "metrics"], input: Array("x_total{a=\"1\"} 1\nx_total{a=\"1\"} 2\n".utf8))
        #expect(broken.status != 0, "promtool tells right from wrong")
    }

    @Test func partsOfAFamilyBecomeOne() {
        let a = MetricFamily.single("x_total", .counter, help: "X.", 1)
        var b = MetricFamily("x_total", .counter, help: "X.")
        b.add(2, MetricLabel("k", "v"))
        let clash = MetricFamily.single("x_total", .gauge, help: "X.", 3)
        let other = MetricFamily.single("y", .gauge, help: "Y.", 4)
        let expected =
            "# HELP x_total X.\n# TYPE x_total counter\nx_total 1\nx_total{k=\"v\"} 2\n# HELP y Y.\n# TYPE y gauge\ny 4\n"
        #expect(text([a, other, b, clash]) == expected)
    }

    @Test func whatWouldBreakAPageIsLeftOut() {
        var twice = MetricFamily("x", .gauge, help: "X.")
        twice.add(1, MetricLabel("a", "1"), MetricLabel("b", "2"))
        twice.add(2, MetricLabel("b", "2"), MetricLabel("a", "1"))
        let bad = MetricFamily.single("no spaces", .gauge, help: "", 1)
        #expect(text([twice, bad]) == "# HELP x X.\n# TYPE x gauge\nx{a=\"1\",b=\"2\"} 1\n")
    }

    @Test func numbersOfTheFormat() {
        var family = MetricFamily("x", .gauge, help: "X.")
        for (index, value) in [Double.nan, .infinity, -.infinity, 0.1, 1e300, 3].enumerated() {
            family.add(value, MetricLabel("i", "\(index)"))
        }
        let values = text([family]).split(separator: "\n").dropFirst(2).map { $0.split(separator: " ")[1] }
        #expect(values == ["NaN", "+Inf", "-Inf", "0.1", "1e+300", "3"])
    }

    @Test(
        arguments: [
            (nil, MetricFormat.prometheus), ("*/*", .prometheus), ("text/plain;version=0.0.4", .prometheus),
            ("application/openmetrics-text", .openMetrics),
            ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", .openMetrics),
            ("application/openmetrics-text;version=1.0.0;q=0.3,text/plain;q=0.9", .prometheus),
            ("application/openmetrics-text;q=0", .prometheus),
            ("application/openmetrics-text;version=2.0.0", .prometheus),
        ] as [(String?, MetricFormat)])
    func accept(_ header: String?, _ format: MetricFormat) {
        #expect(Negotiation.metricFormat(accept: header) == format)
    }

    @Test(
        arguments: [
            (nil, false), ("gzip", true), ("deflate, gzip;q=0.5", true), ("gzip;q=0", false), ("*", true),
            ("identity", false), ("gzip;q=x", false),
        ] as [(String?, Bool)])
    func acceptEncoding(_ header: String?, _ isGzip: Bool) { #expect(Negotiation.acceptsGzip(header) == isGzip) }
}
