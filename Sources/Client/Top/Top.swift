import ArgumentParser
import Glibc

/// `hearth top`.
struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the hottest functions, live.",
        discussion: """
            SELF is the CPU time in the function itself, TOTAL with everything it called. h shows the keys, q or Ctrl-C \
            ends it. Without a terminal the table is printed once. Exits with 4 when the window has no sample.

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
        let isLive = Terminal.isTerminal(STDOUT_FILENO) && Terminal.isTerminal(STDIN_FILENO)
        if once || json || !isLive { return try printOnce(daemon) }
        let order = TopState.Order(rawValue: sort) ?? .bySelf
        let filter = Dictionary(filter.query.map { ($0.name, $0.value) }) { $1 }
        var display = TopDisplay(
            state: TopState(target: target, window: window, order: order), kind: kind, filter: filter, limit: count,
            paint: options.paint)
        try display.run(daemon)
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

    private func ask(_ daemon: Daemon, rows: Int) throws(Failure) -> (value: JSONValue, bytes: [UInt8]) {
        try daemon.fetchJSON(
            HTTPRequest(
                path: "/api/v1/hot",
                query: [
                    ("target", target), ("window", window), ("kind", kind), ("n", "\(rows)"), ("sort", sort),
                ] + filter.query))
    }
}
