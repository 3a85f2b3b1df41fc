import ArgumentParser

/// `hearth record`: the engine is `hearthd record`, which this becomes.
struct Record: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sample a command or a process without a daemon, and write the file.",
        discussion: """
            The ending of FILE chooses the format, as for `hearth flame`. Ends with the status of COMMAND.

            EXAMPLES
              hearth record -- make -j4
              hearth record -o flame.svg -- python3 slow.py
              hearth record -p 1234 --seconds 30 -o app.pb.gz
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("Sample this process and its children.", valueName: "PID"))
    var pid: Int32?
    @Option(name: .shortAndLong, help: ArgumentHelp("File to write.", valueName: "FILE")) var output = "flame.html"
    @Option(
        help: ArgumentHelp("End after so many seconds (default: when the process ends, or Ctrl-C).", valueName: "N"))
    var seconds: Int?
    @Option(help: ArgumentHelp("Samples per second and CPU.", valueName: "N")) var hertz: Int?
    @Argument(parsing: .postTerminator, help: ArgumentHelp("Command to run and sample.", valueName: "COMMAND"))
    var command: [String] = []

    func validate() throws {
        guard (pid != nil) != !command.isEmpty else { throw ValidationError("Give either -p PID or -- COMMAND…") }
        if let pid, pid <= 0 { throw ValidationError("-p: \(pid) is no process.") }
        if let seconds, !(1...86_400).contains(seconds) { throw ValidationError("--seconds: 1 to 86400.") }
        if let hertz, !(1...10_000).contains(hertz) { throw ValidationError("--hertz: 1 to 10000.") }
    }

    func run() throws {
        _ = try ProfileEnding.format(of: output)
        _ = try OutputFile(output)
        var arguments = ["record", "--output", output]
        if let pid { arguments += ["--pid", "\(pid)"] }
        if let seconds { arguments += ["--seconds", "\(seconds)"] }
        if let hertz { arguments += ["--hertz", "\(hertz)"] }
        if !command.isEmpty { arguments += ["--"] + command }
        throw Engine.become(arguments)
    }
}
