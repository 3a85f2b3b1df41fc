import Analysis
import Model

/// What a request for a comparison is about.
private struct Comparison: Sendable {
    var base: ProfileQuery
    var to: ProfileQuery
    var baseTarget: String
    var target: String
    var normalization: DiffNormalization
    var format: DiffFormat
}

extension Routes {
    /// `/api/v1/diff`.
    func diff(_ request: Request) throws(Refusal) -> Answer {
        let known = ["target", "base_target", "base", "to", "kind", "normalize", "format"] + ProfileFilter.parameters
        let comparison = try comparison(try Parameters(request.query, known: known))
        let path = request.path
        return .work { [source] in
            do throws(QueryError) {
                return Self.response(try DiffSource(source).document(comparison.base, comparison.to, comparison))
            } catch {
                return Refusal(error).response(forPath: path)
            }
        }
    }

    private func comparison(_ parameters: Parameters) throws(Refusal) -> Comparison {
        let target = parameters["target"] ?? "all"
        let baseTarget = parameters["base_target"] ?? target
        let kind = try Self.parseKind(parameters["kind"])
        let filter = try ProfileFilter(parameters)
        let (now, newest) = (time.wall(), source.extent.newest)
        let to = try Window.parseRange(parameters["to"] ?? "5m", now: now, newest: newest)
        var base = (from: to.from - (to.to - to.from), to: to.from)
        if let text = parameters["base"] { base = try Window.parseRange(text, now: now, newest: newest) }
        return Comparison(
            base: ProfileQuery(
                selector: try Self.parseSelector(baseTarget), kind: kind, from: base.from, to: base.to, filter: filter),
            to: ProfileQuery(
                selector: try Self.parseSelector(target), kind: kind, from: to.from, to: to.to, filter: filter),
            baseTarget: baseTarget, target: target, normalization: try parseNormalization(parameters["normalize"]),
            format: try parseDiffFormat(parameters["format"]))
    }

    private func parseNormalization(_ text: String?) throws(Refusal) -> DiffNormalization {
        guard let text else { return .time }
        if let normalization = DiffNormalization(rawValue: text) { return normalization }
        throw Refusal(400, "unknown normalize='\(Shown.text(text))'", hint: "known: time, total")
    }

    private func parseDiffFormat(_ text: String?) throws(Refusal) -> DiffFormat {
        let name = text ?? "json"
        if let format = DiffFormat.named(name) { return format }
        throw Self.unknownFormat(name, known: DiffFormat.all.map(\.name))
    }

    private static func response(_ made: (document: DiffDocument, format: DiffFormat)) -> Response {
        var document = made.document
        if made.format.isDocument { document.nonce = PageSecurity.makeNonce() }
        var response = Response(200, made.format.contentType, made.format.encode(document))
        let disposition = made.format.isDocument ? "inline" : "attachment"
        let name = fileName(document.title, "-diff" + made.format.fileEnding)
        response.add("Content-Disposition", "\(disposition); filename=\"\(name)\"")
        if let nonce = document.nonce { response.headers += PageSecurity.documentHeaders(nonce: nonce) }
        return response
    }
}

/// Profiles for a comparison: of each window the whole, and its parts as far as the store still tells them apart.
private struct DiffSource {
    private let source: any ProfileSource

    /// Most parts that a window is divided into: many enough for a variance, long enough to forget their neighbours.
    private static let parts: Int64 = 20
    /// No part is shorter.
    private static let shortest: Int64 = Timestamp.second

    init(_ source: any ProfileSource) { self.source = source }

    func document(
        _ baseQuery: ProfileQuery, _ toQuery: ProfileQuery, _ comparison: Comparison
    ) throws(QueryError) -> (DiffDocument, DiffFormat) {
        let (base, to) = try wholes(baseQuery, toQuery)
        let isSameTarget = baseQuery.selector == toQuery.selector
        let levels = isSameTarget ? Self.levels(toQuery.selector, base, to) : []
        var builder = DiffBuilder(
            comparison.normalization, title: isSameTarget ? comparison.target : "all", levels: levels)
        add(base, baseQuery, to: .base, of: &builder)
        add(to, toQuery, to: .to, of: &builder)
        let diff = builder.finish(maximumNodes: comparison.format.maximumNodes)
        let document = DiffDocument(
            diff: diff, base: base, to: to, baseTitle: comparison.baseTarget, title: comparison.target)
        return (document, comparison.format)
    }

    /// A target that one side does not know was not running then: there it used nothing.
    private func wholes(
        _ base: ProfileQuery, _ to: ProfileQuery
    ) throws(QueryError) -> (base: Profile, to: Profile) {
        let isSame = base.selector == to.selector
        do throws(QueryError) {
            let after = try source.profile(to)
            return (isSame ? try profileOrNothing(base) : try source.profile(base), after)
        } catch {
            guard case .noSuchTarget = error, isSame else { throw error }
            return (try source.profile(base), try profileOrNothing(to))
        }
    }

    private func profileOrNothing(_ query: ProfileQuery) throws(QueryError) -> Profile {
        do throws(QueryError) {
            return try source.profile(query)
        } catch {
            guard case .noSuchTarget = error else { throw error }
            return Profile(kind: query.kind, startTime: query.from, endTime: query.to, period: 0)
        }
    }

    /// Levels that both sides have in common.
    private static func levels(_ selector: TargetSelector, _ base: Profile, _ to: Profile) -> [FlameTree.Level] {
        let first = FlameTree.levels(for: selector, of: base)
        let second = FlameTree.levels(for: selector, of: to)
        return first.count > second.count ? first : second
    }

    /// Adds the parts of a window, disjoint and in the order of time, if together they have the samples of the whole;
    /// else the whole. A store of coarser blocks answers with what it has, and the next part begins where that ended.
    private func add(
        _ whole: Profile, _ query: ProfileQuery, to side: DiffBuilder.Side, of builder: inout DiffBuilder
    ) {
        let length = ((whole.duration - Window.slack) / Self.parts / Self.shortest + 1) * Self.shortest
        var attempt = builder
        var start = whole.startTime
        var samples: Int64 = 0
        for _ in 0..<4 * Self.parts where whole.endTime - start > Window.slack {
            guard let part = part(of: query, from: start, to: min(start + length, whole.endTime)) else { break }
            attempt.add(part, to: side)
            samples += part.truth.samples
            start = part.endTime
        }
        if samples == whole.truth.samples, whole.endTime - start <= Window.slack {
            builder = attempt
        } else {
            builder.add(whole, to: side)
        }
    }

    /// What the store has between two moments; `nil` if that begins before them or nothing is there.
    private func part(of query: ProfileQuery, from start: Int64, to end: Int64) -> Profile? {
        var query = query
        (query.from, query.to) = (start + Window.slack, end - Window.slack)
        guard query.from < query.to, let profile = try? source.profile(query) else { return nil }
        let isBehind = profile.startTime >= start - Window.slack && profile.endTime > start + Window.slack
        return isBehind ? profile : nil
    }
}
