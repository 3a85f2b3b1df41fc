import ArgumentParser
import Glibc
import Platform

/// `hearth diff`.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what grew and what shrank between two windows, two targets or two files.",
        discussion: """
            A and B are windows: FROM..TO, each RFC 3339, seconds of Unix time or -5m, or a length of time before now. \
            Without --to the last five minutes, without --base as long a time before that. Two files need no daemon.

            Functions are shown whose difference is more than noise: its 95 % interval comes from how much the parts of \
            each window differ among themselves, and at most one in twenty shown is expected to be noise. The ending of \
            FILE chooses the format: .html .svg .folded .pb.gz .speedscope.json.

            EXAMPLES
              hearth diff nginx.service --base -15m..-10m --to 5m
              hearth diff all --base 2026-01-31T12:00:00Z..2026-01-31T12:05:00Z --to 5m -o diff.html
              hearth diff new.service --base-target old.service --normalize total
              hearth diff before.pb.gz after.pb.gz -o diff.svg

            EXIT STATUS
              0 fine · 1 the target is not there · 4 no samples to compare · others as for every command
            """)

    @OptionGroup var options: ServerOptions
    @OptionGroup var filter: FilterOptions
    @Argument(help: ArgumentHelp("A target as for `hearth top`, or a pprof file.", valueName: "TARGET|FILE"))
    var target: String
    @Argument(help: ArgumentHelp("The file to compare with the first one.", valueName: "FILE")) var other: String?
    // Unconditional: a window can begin with a minus.
    @Option(parsing: .unconditional, help: ArgumentHelp("Window before.", valueName: "A")) var base: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("Window after.", valueName: "B")) var to: String?
    @Option(help: ArgumentHelp("Target before, if it is another one.", valueName: "TARGET")) var baseTarget: String?
    @Option(help: "What is measured.") var kind = "cpu"
    @Option(help: "Compare CPU seconds per second (time) or shares (total).") var normalize: String?
    @Option(name: .shortAndLong, help: ArgumentHelp("File to write, or - for stdout.", valueName: "FILE"))
    var output: String?
    @Option(help: "Format, whatever the ending: html, svg, folded, pprof, speedscope.") var format: String?
    @Option(name: .customShort("n"), help: ArgumentHelp("Number of functions.", valueName: "N")) var count = 20
    @Flag(help: "Show functions as well whose difference may be noise.") var all = false
    @Flag(help: "Print the answer as JSON.") var json = false

    func validate() throws {
        if other != nil, base != nil || to != nil || baseTarget != nil {
            throw ValidationError("Two files have no windows and no targets.")
        }
        if let normalize, !["time", "total"].contains(normalize) {
            throw ValidationError("--normalize: time or total.")
        }
        if !(1...1000).contains(count) { throw ValidationError("-n: 1 to 1000.") }
        try ProfileOutput.check(format: format)
        if output == nil, format != nil { throw ValidationError("--format needs -o.") }
        if output != nil, json { throw ValidationError("Give either -o or --json.") }
    }

    func run() throws {
        if other == nil { try TargetArgument.check(target) }
        if let baseTarget { try TargetArgument.check(baseTarget) }
        guard let output else { return try show() }
        let chosen = try ProfileOutput(output, format: format)
        try chosen.write(try ask(format: chosen.format))
    }

    private func show() throws {
        let bytes = try ask(format: "json")
        guard let value = JSONValue(parsing: bytes) else {
            throw Failure(.failed, "the answer is something else than JSON")
        }
        let table = DiffTable(value: value, showsAll: all, limit: count)
        if json {
            try Terminal.write(bytes + [UInt8(ascii: "\n")])
        } else {
            let lines = table.lines(width: Terminal.size()?.columns, options.paint)
            try Terminal.write(lines.map { $0 + "\n" }.joined())
        }
        if table.isUndecided { throw Failure(.undecided, "there are no samples to compare") }
    }

    private func ask(format: String) throws -> [UInt8] {
        if let other { return try compareFiles(target, other, format: format) }
        var query = [("target", target), ("kind", kind), ("format", format)]
        let optional = [("base_target", baseTarget), ("base", base), ("to", to), ("normalize", normalize)]
        query += optional.compactMap { name, value in value.map { (name, $0) } }
        return try options.daemon().fetch(HTTPRequest(path: "/api/v1/diff", query: query + filter.query))
    }

    private func compareFiles(_ base: String, _ to: String, format: String) throws -> [UInt8] {
        var arguments = ["diff", "--format", format]
        if let normalize { arguments += ["--normalize", normalize] }
        for (name, value) in filter.query { arguments += ["--\(name)=\(value)"] }
        let (output, status) = try Engine.run(arguments, files: [base, to])
        // It has said on stderr what is wrong.
        guard status == 0 else { throw ExitCode(ExitStatus(rawValue: status)?.rawValue ?? 5) }
        return output
    }
}

/// The answer of `/api/v1/diff` as a table.
struct DiffTable {
    let value: JSONValue
    let showsAll: Bool
    let limit: Int

    private func samples(_ side: String) -> Double { value[side]?["truth"]?["samples"]?.number ?? 0 }

    /// Whether there is nothing that could be compared: no sample at all, or a share of nothing.
    var isUndecided: Bool {
        let (base, to) = (samples("base"), samples("to"))
        return base == 0 && to == 0 || (value["unit"]?.text == "share" && (base == 0 || to == 0))
    }

    private var rows: [JSONValue] {
        let all = value["functions"]?.elements ?? []
        return Array(all.filter { showsAll || $0["significant"] == .boolean(true) }.prefix(limit))
    }

    /// A line for each side, an empty one, the titles, the functions.
    func lines(width: Int?, _ paint: Paint) -> [String] {
        let heads = ["base", "to"].map { side in
            let line = head(side)
            return width.map { Table.cut(line, to: $0) } ?? line
        }
        let rows = rows
        if rows.isEmpty { return heads + ["", "No function changed by more than noise does."] + more(0) }
        var table = Table([
            .init(title: "SELF", alignment: .right), .init(title: "CHANGE", alignment: .right),
            .init(title: "95 %", alignment: .right), .init(title: "TOTAL", alignment: .right),
            .init(title: "CHANGE", alignment: .right), .init(title: "95 %", alignment: .right),
            .init(title: "FUNCTION", alignment: .left, canShrink: true),
            .init(title: "MODULE", alignment: .left, canShrink: true),
        ])
        for row in rows { table.rows.append(cells(row)) }
        let lines = table.lines(width: width ?? HotTable.plainWidth)
        let colored = zip(rows, lines.dropFirst()).map { row, line in
            if row["significant"] != .boolean(true) { return paint.dim(line) }
            let own = number(row, "delta_self")
            return (own != 0 ? own : number(row, "delta_total")) > 0 ? paint.red(line) : paint.green(line)
        }
        return heads + ["", paint.bold(lines[0])] + colored + more(rows.count)
    }

    private func more(_ shown: Int) -> [String] {
        let all = Int(value["differing_functions"]?.number ?? 0)
        return all > shown ? ["", "\(all - shown) more differ; --all and -n show them"] : []
    }

    /// `base  web.service · 2026-…T12:00:00Z to … · 300 s · 0.512 CPUs · 15,000 samples, 0 lost`.
    private func head(_ side: String) -> String {
        let about = value[side]
        let truth = about?["truth"]
        func number(_ key: String) -> Double { truth?[key]?.number ?? 0 }
        let seconds = about?["seconds"]?.number ?? 0
        var parts = [Terminal.plain(about?["target"]?.text ?? "?")]
        parts.append("\(truth?["from"]?.text ?? "?") to \(truth?["to"]?.text ?? "?")")
        if seconds > 0 {
            parts.append(Shown.decimal(seconds, 0) + " s")
            parts.append(Shown.decimal((about?["weight"]?.number ?? 0) / seconds / 1e9, 3) + " CPUs")
        }
        parts.append("\(Shown.count(number("samples"))) samples, \(Shown.count(number("lost"))) lost")
        return (side == "base" ? "base  " : "to    ") + parts.joined(separator: " · ")
    }

    private func number(_ row: JSONValue, _ key: String) -> Double { row[key]?.number ?? 0 }

    private func cells(_ row: JSONValue) -> [String] {
        let module = Terminal.plain(row["module"]?.text ?? "")
        var cells: [String] = []
        for name in ["self", "total"] {
            cells.append(amount(number(row, name)))
            cells.append(signed(number(row, "delta_\(name)")))
            cells.append(
                "\(signed(number(row, "delta_\(name)_low")))…\(signed(number(row, "delta_\(name)_high")))")
        }
        return cells + [Terminal.plain(row["function"]?.text ?? "?"), module]
    }

    /// CPUs with four digits after the point, or a share in per cent.
    private func amount(_ number: Double) -> String {
        value["unit"]?.text == "share" ? Shown.decimal(number * 100, 2) + "%" : Shown.decimal(number, 4)
    }

    private func signed(_ number: Double) -> String { (number > 0 ? "+" : "") + amount(number) }
}
