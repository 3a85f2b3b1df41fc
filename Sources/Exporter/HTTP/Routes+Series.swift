import Model

extension Routes {
    /// `/api/v1/series`.
    func series(_ request: Request) throws(Refusal) -> Answer {
        let known = ["last", "from", "to", "name", "target", "points"] + ProfileFilter.parameters
        let parameters = try Parameters(request.query, known: known)
        let bounds = try history(parameters)
        let query = SeriesQuery(
            name: try parseSeries(parameters["name"]), scope: try parseScope(parameters["target"]),
            filter: try ProfileFilter(parameters), from: bounds.from, to: bounds.to,
            points: try parsePoints(parameters["points"]))
        let path = request.path
        return .work { [series] in
            do throws(QueryError) {
                return Self.response(to: query, try series.series(query))
            } catch {
                return Refusal(error).response(forPath: path)
            }
        }
    }

    /// `/api/v1/events`.
    func events(_ request: Request) throws(Refusal) -> Answer {
        let parameters = try Parameters(request.query, known: ["last", "from", "to", "target"])
        let bounds = try history(parameters)
        let target = parameters["target"].flatMap { $0 == "all" || $0 == "*" ? nil : $0 }
        let query = EventQuery(target: target, from: bounds.from, to: bounds.to)
        return .work { [events] in
            let found = events.events(query)
            return .json { json in
                json.array("events") { list in
                    for event in found { list.object { event.write(to: &$0) } }
                }
            }
        }
    }

    /// The window, a quarter of an hour unless told otherwise. Events can be younger than the newest slot.
    private func history(_ parameters: Parameters) throws(Refusal) -> (from: Int64, to: Int64) {
        let now = time.wall()
        let window = try Window.parse(
            parameters, fallback: .last(900 * Timestamp.second), now: now, newest: now)
        switch window {
        case .history(let from, let to), .recording(let from, let to): return (from, to)
        }
    }

    private func parseSeries(_ text: String?) throws(Refusal) -> SeriesName {
        guard let text else { return .cpu }
        if let name = SeriesName(rawValue: text) { return name }
        let known = SeriesName.allCases.map(\.rawValue).joined(separator: ", ")
        throw Refusal(400, "unknown series '\(Shown.text(text))'", hint: "known: \(known)")
    }

    private func parseScope(_ text: String?) throws(Refusal) -> SeriesQuery.Scope {
        let target = text ?? "all"
        if target == "*" { return .eachTarget }
        if target.utf8.count <= 4_096, let selector = TargetSelector(target) { return .selected(selector) }
        throw Refusal(
            400, "'\(Shown.text(target))' is no target",
            hint: "a name of /api/v1/targets, pid:1234, exe:NAME, unit:NAME.service, container:ID, all, or * for each")
    }

    private func parsePoints(_ text: String?) throws(Refusal) -> Int {
        guard let text else { return 300 }
        if let number = Int(text), (1...SeriesQuery.mostPoints).contains(number) { return number }
        throw Refusal(
            400, "points='\(Shown.text(text))' is not a whole number from 1 to \(SeriesQuery.mostPoints)",
            hint: "for example points=300")
    }

    private static func response(to query: SeriesQuery, _ answer: SeriesAnswer) -> Response {
        .json { json in
            json.field("start", Double(answer.start) / 1e9)
            json.field("step", Double(answer.step) / 1e9)
            json.array("series") { list in
                for row in answer.rows { list.object { write(row, query, to: &$0) } }
            }
        }
    }

    private static func write(_ row: SeriesAnswer.Row, _ query: SeriesQuery, to json: inout JSONWriter) {
        json.field("name", query.name.rawValue)
        json.field("target", row.target)
        if let function = query.filter.function { json.field("function", function.description) }
        json.field("unit", query.name.unit)
        json.array("values") { list in
            for value in row.values { if let value { list.value(value) } else { list.null() } }
        }
    }
}

extension HostEvent {
    func write(to json: inout JSONWriter) {
        json.field("time", Double(time) / 1e9)
        json.field("duration", Double(duration) / 1e9)
        json.field("kind", kind.rawValue)
        json.field("target", target)
        json.field("text", text)
    }
}
