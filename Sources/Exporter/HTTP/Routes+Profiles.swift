import Analysis
import Model

/// What a request for samples is about.
private struct Question: Sendable {
    var selector: TargetSelector
    var target: String
    var kind: SampleKind
    var window: Window
    var filter: ProfileFilter

    /// Parameters of every question.
    static let parameters = ["target", "kind"] + Window.parameters + ProfileFilter.parameters

    var query: ProfileQuery {
        switch window {
        case .history(let from, let to), .recording(let from, let to):
            ProfileQuery(selector: selector, kind: kind, from: from, to: to, filter: filter)
        }
    }
}

extension Routes {
    /// `go tool pprof URL`.
    func pprofProfile(_ request: Request) throws(Refusal) -> Answer {
        let parameters = try Parameters(request.query, known: Question.parameters)
        let question = try question(parameters, fallback: .recording(30))
        guard let format = ProfileFormat.named("pprof") else { preconditionFailure("the format is in the table") }
        return try answer(question, for: request) { profile, _ in
            let document = ProfileDocument(profile: profile, target: question.target)
            return Self.response(document, format, fileName: "profile")
        }
    }

    /// `/api/v1/profile` in any format.
    func profile(_ request: Request) throws(Refusal) -> Answer {
        let parameters = try Parameters(request.query, known: Question.parameters + ["format", "threads"])
        let format = try parseFormat(parameters["format"])
        let threads = try parseFlag("threads", parameters["threads"])
        let question = try question(parameters, fallback: .last(60 * Timestamp.second))
        return try answer(question, for: request) { profile, selector in
            let levels = FlameTree.levels(for: selector, of: profile, threads: threads)
            let nonce = format.isDocument ? PageSecurity.makeNonce() : nil
            let document = ProfileDocument(profile: profile, target: question.target, levels: levels, nonce: nonce)
            return Self.response(document, format, fileName: Self.fileName(question.target, format.fileEnding))
        }
    }

    /// `/api/v1/hot`.
    func hot(_ request: Request) throws(Refusal) -> Answer {
        let windows = Window.parameters.filter { $0 != "seconds" }
        let known = ["target", "window", "n", "kind", "sort"] + windows + ProfileFilter.parameters
        let parameters = try Parameters(request.query, known: known)
        let limit = try parseLimit(parameters["n"])
        let order = try parseOrder(parameters["sort"])
        let question = try question(parameters, fallback: .last(60 * Timestamp.second))
        return try answer(question, for: request) { profile, _ in
            HotAnswer(profile: profile, target: question.target, order: order, limit: limit).response
        }
    }

    /// `/api/v1/targets`.
    func targets(_ request: Request) throws(Refusal) -> Answer {
        _ = try Parameters(request.query, known: [])
        return .work { [source] in
            let newest = source.extent.newest
            let query = ProfileQuery(selector: .all, from: newest - 10 * Timestamp.second, to: newest)
            let empty = Profile(kind: .cpu, startTime: newest, endTime: newest, period: 0)
            let profile = (try? source.profile(query)) ?? empty
            let summaries = source.targets()
            return .json {
                TruthJSON.write(profile, to: &$0)
                $0.array("targets") { list in
                    for summary in summaries { list.object { summary.write(to: &$0) } }
                }
            }
        }
    }

    private func question(_ parameters: Parameters, fallback: Window.Fallback) throws(Refusal) -> Question {
        let target = parameters["target"] ?? "all"
        let selector = try Self.parseSelector(target)
        let kind = try Self.parseKind(parameters["kind"])
        let window = try Window.parse(parameters, fallback: fallback, now: time.wall(), newest: source.extent.newest)
        let filter = try ProfileFilter(parameters)
        return Question(selector: selector, target: target, kind: kind, window: window, filter: filter)
    }

    static func parseSelector(_ target: String) throws(Refusal) -> TargetSelector {
        if target.utf8.count <= 4_096, let selector = TargetSelector(target) { return selector }
        throw Refusal(
            400, "'\(Shown.text(target))' is no target",
            hint: "a name of /api/v1/targets, pid:1234, exe:NAME, unit:NAME.service, container:ID, or all")
    }

    static func parseKind(_ text: String?) throws(Refusal) -> SampleKind {
        let text = text ?? SampleKind.cpu.rawValue
        if let kind = SampleKind(rawValue: text) { return kind }
        let known = SampleKind.allCases.map(\.rawValue).joined(separator: ", ")
        throw Refusal(400, "unknown kind '\(Shown.text(text))'", hint: "known: \(known)")
    }

    /// Works the answer out now, or when the recording is over. `HEAD` does not record.
    private func answer(
        _ question: Question, for request: Request, _ encode: @escaping @Sendable (Profile, TargetSelector) -> Response
    ) throws(Refusal) -> Answer {
        let path = request.path
        let work: @Sendable () -> Response = { [source] in
            do throws(QueryError) {
                return encode(try source.profile(question.query), question.selector)
            } catch {
                return Refusal(error).response(forPath: path)
            }
        }
        guard case .recording(_, let end) = question.window else { return .work(work) }
        if case .name(let name) = question.selector, !source.targets().contains(where: { $0.name == name }) {
            throw Refusal(QueryError.noSuchTarget(name))
        }
        if request.method == "HEAD" {
            var response = Response(200, "application/octet-stream", [])
            response.statesLength = false
            return .now(response)
        }
        return .recording(Recording(until: end, now: time.monotonic()), work)
    }

    private static func response(
        _ document: ProfileDocument, _ format: ProfileFormat, fileName: String
    ) -> Response {
        var response = Response(200, format.contentType, format.encode(document))
        let disposition = format.isDocument ? "inline" : "attachment"
        response.add("Content-Disposition", "\(disposition); filename=\"\(fileName)\"")
        if let nonce = document.nonce { response.headers += PageSecurity.documentHeaders(nonce: nonce) }
        return response
    }

    /// Only letters that need no quoting in a header or a shell.
    static func fileName(_ target: String, _ ending: String) -> String {
        let safe = target.unicodeScalars.prefix(80).map {
            $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "-" || $0 == "_") ? $0 : "-"
        }
        return "hearth-" + String(String.UnicodeScalarView(safe)) + ending
    }
}

extension Routes {
    private func parseFormat(_ text: String?) throws(Refusal) -> ProfileFormat {
        let name = text ?? "json"
        if let format = ProfileFormat.named(name) { return format }
        throw Self.unknownFormat(name, known: ProfileFormat.all.map(\.name))
    }

    /// The refusal of a `format=` that is none of the known ones.
    static func unknownFormat(_ name: String, known: [String]) -> Refusal {
        let nearest = EditDistance.nearest(to: name, among: known)
        return Refusal(
            400, "unknown format '\(Shown.text(name))'",
            hint: nearest.map { "did you mean '\($0)'?" } ?? "known: \(known.joined(separator: ", "))")
    }

    private func parseLimit(_ text: String?) throws(Refusal) -> Int {
        guard let text else { return 10 }
        if let number = Int(text), (1...1_000).contains(number) { return number }
        throw Refusal(400, "n='\(Shown.text(text))' is not a whole number from 1 to 1000", hint: "for example n=20")
    }

    private func parseOrder(_ text: String?) throws(Refusal) -> HotOrder {
        guard let text else { return .bySelf }
        if let order = HotOrder(rawValue: text) { return order }
        throw Refusal(400, "unknown order '\(Shown.text(text))'", hint: "known: self, total")
    }

    private func parseFlag(_ name: String, _ text: String?) throws(Refusal) -> Bool {
        switch text {
        case nil, "0", "false": return false
        case "1", "true": return true
        case .some(let other):
            throw Refusal(400, "\(name)='\(Shown.text(other))' is not a flag", hint: "use \(name)=1 or \(name)=0")
        }
    }
}

extension Refusal {
    /// What the store cannot answer, in words.
    init(_ error: QueryError) {
        switch error {
        case .noSuchTarget(let name):
            self.init(
                404, "no sample of '\(Shown.text(name))' in this window",
                hint: "see /api/v1/targets for the names, or take a longer window")
        case .outsideHistory(let oldest, let newest):
            let bounds =
                newest > 0
                ? "there is history from \(Timestamp.rfc3339(oldest)) to \(Timestamp.rfc3339(newest))"
                : "nothing is recorded yet; ask again in a few seconds"
            self.init(404, "the window lies outside of the history", hint: bounds)
        case .kindNotRecorded(let kind):
            self.init(404, "kind '\(kind.rawValue)' is not recorded", hint: "see the configuration")
        }
    }
}

/// The answer of `/api/v1/hot`.
struct HotAnswer {
    var profile: Profile
    var target: String
    var order: HotOrder
    var limit: Int
    /// Stacks are long: more of them than this nobody reads.
    private static let pathLimit = 20

    var response: Response {
        let whole = profile.samples.reduce(0) { $0 + $1.weight }
        let functions = HotPaths.functions(of: profile, by: order, limit: limit)
        let paths = HotPaths.paths(of: profile, limit: min(limit, Self.pathLimit))
        return .json { json in
            json.field("target", target)
            json.field("kind", profile.kind.rawValue)
            TruthJSON.write(profile, to: &json)
            json.field("total", whole)
            json.array("functions") { list in
                for row in functions { list.object { Self.write(row, of: whole, to: &$0) } }
            }
            json.array("paths") { list in
                for path in paths { list.object { Self.write(path, of: whole, to: &$0) } }
            }
        }
    }

    private static func write(_ row: HotFunction, of whole: Double, to json: inout JSONWriter) {
        json.field("function", row.function.name)
        json.field("module", row.function.module)
        json.field("kind", row.function.kind.rawValue)
        json.field("self", row.selfWeight)
        json.field("total", row.totalWeight)
        json.field("self_samples", row.selfCount)
        json.field("total_samples", row.totalCount)
        json.field("self_share", whole > 0 ? row.selfWeight / whole : 0)
        json.field("total_share", whole > 0 ? row.totalWeight / whole : 0)
    }

    private static func write(_ path: HotPath, of whole: Double, to json: inout JSONWriter) {
        json.field("weight", path.weight)
        json.field("samples", path.count)
        json.field("share", whole > 0 ? path.weight / whole : 0)
        json.array("functions") { list in
            for function in path.functions { list.value(function.name) }
        }
    }
}

extension TargetSummary {
    func write(to json: inout JSONWriter) {
        json.field("name", name)
        json.field("processes", processes)
        json.field("runtime", runtime)
        json.field("cpus", cpus)
        json.field("resident_bytes", residentBytes)
        json.field("samples_per_second", samplesPerSecond)
        json.field("complete_share", completeShare)
        json.field("unit", unit)
        json.field("container", container)
        json.field("executable", executable)
        json.array("pids") { list in
            for pid in pids { list.value(pid) }
        }
    }
}
