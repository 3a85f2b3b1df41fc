public import ArgumentParser
public import Configuration

extension ListenAddress: ExpressibleByArgument {
    /// `HOST:PORT`, `[IPV6]:PORT` or `unix:/PATH`.
    public init?(argument: String) { self.init(argument) }
}

extension LogLevel: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}

/// Options of the daemon itself. What is given here wins over the file, also after a reload.
struct DaemonOptions: ParsableArguments {
    @OptionGroup var file: ConfigurationFileOption

    @Option(
        help: ArgumentHelp(
            "Where to listen, instead of the file's list; can be repeated.", valueName: "HOST:PORT|unix:PATH"))
    var listen: [ListenAddress] = []

    @Option(help: ArgumentHelp("Folder of what outlives the daemon.", valueName: "DIR"), completion: .directory)
    var stateDir: String?

    @Option(help: ArgumentHelp("Root of procfs.", valueName: "DIR"), completion: .directory)
    var procRoot: String?

    @Option(help: "Least important level that is logged.")
    var logLevel: LogLevel?

    @Option(help: "How log lines look.")
    var logFormat: LogFormat = .auto

    /// The settings in force: the file's, then those of the command line.
    func configuration() throws(ConfigurationProblems) -> Configuration {
        var configuration = try file.load()
        if !listen.isEmpty { configuration.listen = listen }
        if let stateDir { configuration.stateDirectory = stateDir }
        if let procRoot { configuration.paths.proc = procRoot }
        if let logLevel { configuration.log.level = logLevel }
        return configuration
    }
}

/// Which file is read.
struct ConfigurationFileOption: ParsableArguments {
    static let defaultPath = "/etc/hearth/hearth.yaml"

    @Option(
        help: ArgumentHelp(
            "Configuration file (default: \(ConfigurationFileOption.defaultPath) if it is there).", valueName: "FILE"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    /// The path that is read.
    var path: String { config ?? Self.defaultPath }

    /// A file that was asked for must be there; the default one need not be.
    func load() throws(ConfigurationProblems) -> Configuration {
        try Configuration.load(path: path, absentIsDefault: config == nil)
    }
}

/// Options of `hearthd record`, the engine of `hearth record`.
struct RecordOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("Sample this process and its children.", valueName: "PID"))
    var pid: Int32?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "File to write; the ending chooses the format: .html .svg .folded .pb.gz .speedscope.json",
            valueName: "FILE"),
        completion: .file())
    var output = "hearth.html"

    @Option(
        help: ArgumentHelp("End after so many seconds (default: when the process ends, or Ctrl-C).", valueName: "N"))
    var seconds: Int?

    @Option(help: ArgumentHelp("Samples per second and CPU.", valueName: "N"))
    var hertz = 999

    @Argument(parsing: .postTerminator, help: ArgumentHelp("Command to run and sample.", valueName: "COMMAND"))
    var command: [String] = []

    func validate() throws {
        guard (pid != nil) != !command.isEmpty else {
            throw ValidationError("Give either -p PID or -- COMMAND…")
        }
        if let pid, pid <= 0 { throw ValidationError("-p: \(pid) is no process.") }
        if let seconds, !(1...86_400).contains(seconds) { throw ValidationError("--seconds: 1 to 86400.") }
        guard (1...10_000).contains(hertz) else { throw ValidationError("--hertz: 1 to 10000.") }
    }
}
