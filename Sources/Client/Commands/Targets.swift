import ArgumentParser

/// `hearth targets`.
struct Targets: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List what runs: name, processes, runtime, CPU, memory, samples.",
        discussion: """
            CPU, HZ and COMPLETE are means of the last ten seconds: CPUs in use, samples per second, and the share of \
            stacks that reached their root.

            EXAMPLES
              hearth targets
              hearth targets --json | jq -r '.targets[].name'
            """)

    @OptionGroup var options: ServerOptions
    @Flag(help: "Print the daemon's answer as JSON.") var json = false

    func run() throws {
        let (value, bytes) = try options.daemon().fetchJSON(HTTPRequest(path: "/api/v1/targets"))
        if json { return try Terminal.write(bytes + [UInt8(ascii: "\n")]) }
        let lines = Self.table(value).lines(width: Terminal.size()?.columns)
        let paint = options.paint
        try Terminal.write(([paint.bold(lines[0])] + lines.dropFirst()).map { $0 + "\n" }.joined())
    }

    static func table(_ value: JSONValue) -> Table {
        var table = Table([
            .init(title: "TARGET", alignment: .left, canShrink: true), .init(title: "PROCS", alignment: .right),
            .init(title: "RUNTIME", alignment: .left), .init(title: "CPU", alignment: .right),
            .init(title: "RSS", alignment: .right), .init(title: "HZ", alignment: .right),
            .init(title: "COMPLETE", alignment: .right),
        ])
        // An answer that is the list itself is understood as well.
        for target in value["targets"]?.elements ?? value.elements {
            func number(_ key: String) -> Double { target[key]?.number ?? 0 }
            let runtime = Terminal.plain(target["runtime"]?.text ?? "")
            table.rows.append([
                Terminal.plain(target["name"]?.text ?? "?"), Shown.count(number("processes")),
                runtime.isEmpty ? "-" : runtime, Shown.decimal(number("cpus"), 2),
                number("resident_bytes") > 0 ? Shown.bytes(number("resident_bytes")) : "-",
                Shown.decimal(number("samples_per_second"), 1),
                number("samples_per_second") > 0 ? Shown.percent(number("complete_share")) : "-",
            ])
        }
        return table
    }
}
