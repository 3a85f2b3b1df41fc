import ArgumentParser
import Glibc

/// `hearth top`.
struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the hottest functions, live.",
        discussion: """
            SELF is the CPU time in the function itself, TOTAL with everything it called. q or Ctrl-C ends it. Without a \
            terminal the table is printed once. Exits with 4 when the window has no sample.

            EXAMPLES
              hearth top
              hearth top nginx.service --window 5m
              hearth top pid:1234 --once --json
            """)

    @OptionGroup var options: ServerOptions
    @OptionGroup var filter: FilterOptions
    @Argument(help: TargetArgument.help) var target = "all"
    @Option(help: ArgumentHelp("How far back: 10s to 24h, as the daemon remembers.", valueName: "TIME"))
    var window = "1m"
    @Option(help: "What is measured.") var kind = "cpu"
    @Option(name: .customShort("n"), help: ArgumentHelp("Number of functions.", valueName: "N")) var count: Int?
    @Option(help: "Order of the functions: self or total.") var sort = "self"
    @Flag(help: "Print one table and end.") var once = false
    @Flag(help: "Print the daemon's answer as JSON; implies --once.") var json = false

    func validate() throws {
        if let count, !(1...1000).contains(count) { throw ValidationError("-n: 1 to 1000.") }
        guard ["self", "total"].contains(sort) else { throw ValidationError("--sort: self or total.") }
    }

    func run() throws {
        try TargetArgument.check(target)
        let daemon = try options.daemon()
        if once || json || !Terminal.isTerminal(STDOUT_FILENO) { return try printOnce(daemon) }
        let screen = try LiveScreen()
        repeat {
            let size = Terminal.size() ?? (80, 24)
            let lines = try lines(daemon, rows: max(1, size.rows - 4), columns: size.columns)
            try screen.draw(lines + ["", options.paint.dim("q ends")])
        } while !screen.waitForQuit(milliseconds: 2000)
    }

    private func printOnce(_ daemon: Daemon) throws {
        let (value, bytes) = try ask(daemon, rows: count ?? 20)
        if json {
            try Terminal.write(bytes + [UInt8(ascii: "\n")])
        } else {
            let lines = HotTable(value).lines(width: Terminal.size()?.columns, options.paint)
            try Terminal.write(lines.map { $0 + "\n" }.joined())
        }
        if HotTable(value).isEmpty {
            throw Failure(.undecided, "no sample of \(Terminal.plain(target)) in the last \(window)")
        }
    }

    /// A live display outlives a restart of the daemon: the reason stands where the table was.
    private func lines(_ daemon: Daemon, rows: Int, columns: Int) throws -> [String] {
        do throws(Failure) {
            let (value, _) = try ask(daemon, rows: min(count ?? rows, rows))
            return HotTable(value).lines(width: columns, options.paint)
        } catch {
            if error.status == .usage { throw error }
            return [options.paint.red(Table.cut(error.message, to: columns)), error.hint]
        }
    }

    private func ask(_ daemon: Daemon, rows: Int) throws(Failure) -> (value: JSONValue, bytes: [UInt8]) {
        try daemon.fetchJSON(
            HTTPRequest(
                path: "/api/v1/hot",
                query: [
                    ("target", target), ("window", window), ("kind", kind), ("n", "\(rows)"), ("sort", sort),
                ] + filter.query))
    }
}

/// The answer of `/api/v1/hot` as a table.
struct HotTable {
    let value: JSONValue

    init(_ value: JSONValue) { self.value = value }

    var isEmpty: Bool { (value["truth"]?["samples"]?.number ?? 0) == 0 && functions.isEmpty }

    private var functions: [JSONValue] { value["functions"]?.elements ?? [] }

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
