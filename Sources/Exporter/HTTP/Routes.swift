import Analysis
import Model

/// Every path: a request in, an answer out; no socket and no waiting.
struct Routes: Sendable {
    let source: any ProfileSource
    let series: any SeriesSource
    let events: any EventSource
    let metrics: [any MetricSource]
    let health: any HealthSource
    let time: any TimeSource
    let hosts: HostCheck
    /// What `/debug/pprof/cmdline` answers.
    let commandLine: [String]

    /// One path.
    private struct Route: Sendable {
        var path: String
        var methods: [String] = ["GET", "HEAD"]
        /// Whether a listener for scrapers only serves it.
        var isMetric = false
        var answer: @Sendable (Routes, Request) throws(Refusal) -> Answer

        init(
            _ path: String, _ methods: [String] = ["GET", "HEAD"], isMetric: Bool = false,
            answer: @escaping @Sendable (Routes, Request) throws(Refusal) -> Answer
        ) {
            self.path = path
            self.methods = methods
            self.isMetric = isMetric
            self.answer = answer
        }
    }

    /// The table of paths; a new one is one line here.
    private static let table: [Route] = [
        Route("/") { routes, request throws(Refusal) in try routes.page(request) },
        Route("/metrics", isMetric: true) { routes, request throws(Refusal) in try routes.metricText(request) },
        Route("/healthz", isMetric: true) { routes, request throws(Refusal) in
            try routes.state(request, routes.health.unhealthy)
        },
        Route("/readyz", isMetric: true) { routes, request throws(Refusal) in
            try routes.state(request, routes.health.unready)
        },
        Route("/debug/pprof/") { routes, request throws(Refusal) in try routes.pprofIndex(request) },
        Route("/debug/pprof") { _, _ throws(Refusal) in
            .now(.moved(to: "/debug/pprof/"))
        },
        Route("/debug/pprof/profile") { routes, request throws(Refusal) in try routes.pprofProfile(request) },
        Route("/debug/pprof/cmdline") { routes, request throws(Refusal) in try routes.pprofCommandLine(request) },
        Route("/debug/pprof/symbol", ["GET", "HEAD", "POST"]) { _, _ throws(Refusal) in
            .now(.text(200, "num_symbols: 1\n"))
        },
        Route("/api/v1/targets") { routes, request throws(Refusal) in try routes.targets(request) },
        Route("/api/v1/hot") { routes, request throws(Refusal) in try routes.hot(request) },
        Route("/api/v1/profile") { routes, request throws(Refusal) in try routes.profile(request) },
        Route("/api/v1/series") { routes, request throws(Refusal) in try routes.series(request) },
        Route("/api/v1/events") { routes, request throws(Refusal) in try routes.events(request) },
        Route("/api/v1/diff") { routes, request throws(Refusal) in try routes.diff(request) },
    ]

    /// Never fails: a refusal is an answer too.
    func answer(_ request: Request) -> Answer {
        do throws(Refusal) {
            return try dispatch(request)
        } catch {
            return .now(error.response(forPath: request.path))
        }
    }

    private func dispatch(_ request: Request) throws(Refusal) -> Answer {
        guard hosts.allows(request.header("host"), localAddress: request.origin.localAddress) else {
            throw Refusal(
                403, "this host name is not served here",
                hint: "use localhost, the address itself, or add the name to the configuration")
        }
        guard let route = Self.table.first(where: { $0.path == request.path }) else { throw notFound(request.path) }
        guard route.isMetric || request.origin.scope == .everything else {
            throw Refusal(403, "only /metrics is served at this address", hint: "use the unix socket of the daemon")
        }
        guard route.methods.contains(request.method) else {
            let allowed = route.methods.joined(separator: ", ")
            throw Refusal(
                405, "method \(Shown.text(request.method)) is not allowed here", hint: "allowed: \(allowed)",
                headers: [("Allow", allowed)])
        }
        return try route.answer(self, request)
    }

    private func notFound(_ path: String) -> Refusal {
        let nearest = EditDistance.nearest(to: path, among: Self.table.map(\.path))
        let hint = nearest.map { "did you mean \($0)?" } ?? "known: " + Self.table.map(\.path).joined(separator: " ")
        return Refusal(404, "no such path", hint: hint)
    }
}

extension Routes {
    private func metricText(_ request: Request) throws(Refusal) -> Answer {
        let format = Negotiation.metricFormat(accept: request.header("accept"))
        let isCompressed = Negotiation.acceptsGzip(request.header("accept-encoding"))
        return .work { [metrics] in
            let text = PrometheusText.encode(metrics.flatMap { $0.collect() }, as: format)
            guard isCompressed, let compressed = Gzip.compress(text) else {
                return Response(200, format.contentType, text)
            }
            var response = Response(200, format.contentType, compressed)
            response.add("Content-Encoding", "gzip")
            response.add("Vary", "Accept, Accept-Encoding")
            return response
        }
    }

    private func state(_ request: Request, _ reason: String?) throws(Refusal) -> Answer {
        _ = try Parameters(request.query, known: [])
        return .now(reason.map { .text(503, $0 + "\n") } ?? .text(200, "ok\n"))
    }

    private func pprofIndex(_ request: Request) throws(Refusal) -> Answer {
        _ = try Parameters(request.query, known: [])
        var response = Response(200, "text/html; charset=utf-8", Array(PprofIndex.html.utf8))
        response.headers += PageSecurity.headers(nonce: nil)
        return .now(response)
    }

    private func pprofCommandLine(_ request: Request) throws(Refusal) -> Answer {
        _ = try Parameters(request.query, known: [])
        return .now(.text(200, commandLine.joined(separator: "\0")))
    }

    private func page(_ request: Request) throws(Refusal) -> Answer {
        _ = try Parameters(request.query, known: PageDocument.parameters)
        let nonce = PageSecurity.makeNonce()
        var response = Response(200, "text/html; charset=utf-8", PageDocument.page(nonce: nonce))
        response.headers += PageSecurity.headers(nonce: nonce)
        return .now(response)
    }
}
