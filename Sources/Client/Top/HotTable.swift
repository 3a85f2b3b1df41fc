/// The answer of `/api/v1/hot` as a table.
struct HotTable {
    let value: JSONValue
    /// The functions that are shown.
    var functions: [JSONValue]

    init(_ value: JSONValue) {
        self.value = value
        functions = value["functions"]?.elements ?? []
    }

    var isEmpty: Bool { (value["truth"]?["samples"]?.number ?? 0) == 0 && functions.isEmpty }

    /// Columns where there is no terminal: names of templates have thousands. `--json` has them whole.
    static let plainWidth = 160

    /// A line about the whole, an empty one, the titles, the functions.
    func lines(width: Int?, _ paint: Paint) -> [String] {
        var table = Table([
            .init(title: "SELF", alignment: .right), .init(title: "", alignment: .right),
            .init(title: "TOTAL", alignment: .right), .init(title: "", alignment: .right),
            .init(title: "FUNCTION", alignment: .left, canShrink: true),
            .init(title: "MODULE", alignment: .left, canShrink: true),
        ])
        for function in functions {
            func number(_ key: String) -> Double { function[key]?.number ?? 0 }
            let module = Terminal.plain(function["module"]?.text ?? "")
            table.rows.append([
                Shown.percent(number("self_share")), Shown.seconds(number("self")),
                Shown.percent(number("total_share")), Shown.seconds(number("total")),
                Terminal.plain(function["function"]?.text ?? "?"),
                module.split(separator: "/").last.map(String.init) ?? module,
            ])
        }
        let lines = table.lines(width: width ?? Self.plainWidth)
        return [width.map { Table.cut(summary, to: $0) } ?? summary, "", paint.bold(lines[0])] + lines.dropFirst()
    }

    /// `all · cpu · 60 s · 1.52 CPUs · 9,021 samples, 0 lost, 3 truncated, 0 broken, 12 unnamed`.
    private var summary: String {
        let truth = value["truth"]
        func number(_ key: String) -> Double { truth?[key]?.number ?? 0 }
        var parts = [Terminal.plain(value["target"]?.text ?? "all"), Terminal.plain(value["kind"]?.text ?? "cpu")]
        let nanoseconds = number("to_unix_nanoseconds") - number("from_unix_nanoseconds")
        if nanoseconds > 0 {
            parts.append(Shown.decimal(nanoseconds / 1e9, 0) + " s")
            parts.append(Shown.decimal((value["total"]?.number ?? 0) / nanoseconds, 2) + " CPUs")
        }
        let faults = ["lost", "truncated", "broken", "unnamed"].map { "\(Shown.count(number($0))) \($0)" }
        parts.append((["\(Shown.count(number("samples"))) samples"] + faults).joined(separator: ", "))
        return parts.joined(separator: " · ")
    }
}
