import ArgumentParser
import Glibc

/// `hearth flame`.
struct Flame: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a flame graph, or the profile in another format.",
        discussion: """
            The ending of FILE chooses the format: .html .svg .folded .pb.gz .speedscope.json. With -o - the profile goes \
            to stdout, as folded text unless --format says otherwise.

            EXAMPLES
              hearth flame all --seconds 10 -o flame.html
              hearth flame nginx.service --last 5m -o nginx.pb.gz
              hearth flame pid:1234 --from 2026-01-31T12:00:00Z --to 2026-01-31T12:05:00Z -o noon.svg
              hearth flame all --last 1m -o - | head
              hearth flame nginx.service --last 1h --function 'ngx_http_*' --thread nginx -o http.svg
            """)

    @OptionGroup var options: ServerOptions
    @OptionGroup var filter: FilterOptions
    @Argument(help: TargetArgument.help) var target: String
    @Option(help: ArgumentHelp("Record now, for so many seconds (1 to 3600).", valueName: "N")) var seconds: Int?
    @Option(help: ArgumentHelp("What is remembered of the last while: 30s, 5m, 2h.", valueName: "TIME"))
    var last: String?
    // Unconditional: a time can begin with a minus.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Begin of the window: RFC 3339, seconds of Unix time, or -5m.", valueName: "T"))
    var from: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("End of the window (default: now).", valueName: "T")) var to:
        String?
    @Option(name: .shortAndLong, help: ArgumentHelp("File to write, or - for stdout.", valueName: "FILE"))
    var output = "flame.html"
    @Option(help: "Format, whatever the ending: html, svg, folded, pprof, speedscope.") var format: String?
    @Option(help: "What is measured.") var kind = "cpu"

    func validate() throws {
        let windows = [seconds != nil, last != nil, from != nil || to != nil].filter { $0 }.count
        if windows > 1 { throw ValidationError("Give one of --seconds, --last, or --from and --to.") }
        if to != nil, from == nil { throw ValidationError("--to needs --from.") }
        if let seconds, !(1...3600).contains(seconds) { throw ValidationError("--seconds: 1 to 3600.") }
        try ProfileOutput.check(format: format)
    }

    func run() throws {
        try TargetArgument.check(target)
        let chosen = try ProfileOutput(output, format: format)
        try chosen.write(try fetch(options.daemon(), format: chosen.format))
    }

    private func fetch(_ daemon: Daemon, format: String) throws(Failure) -> [UInt8] {
        var request = HTTPRequest(
            path: "/api/v1/profile", query: [("target", target), ("kind", kind), ("format", format)] + filter.query)
        if let last { request.query.append(("last", last)) }
        if let from { request.query.append(("from", from)) }
        if let to { request.query.append(("to", to)) }
        // Nothing said: ten seconds from now, as a person who types it wants to see what runs.
        guard last == nil, from == nil else { return try daemon.fetch(request) }
        let length = seconds ?? 10
        request.query.append(("seconds", "\(length)"))
        request.seconds += length
        let bar = ProgressBar("recording \(Terminal.plain(target))", seconds: length)
        request.whileWaiting = { bar.draw(milliseconds: $0) }
        bar.start()
        defer { bar.end() }
        return try daemon.fetch(request)
    }
}
