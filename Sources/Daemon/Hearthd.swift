import ArgumentParser
import Platform
import Symbols

/// The daemon's program: also the child that reads symbol tables, and the engine of `hearth record`.
@main
struct Hearthd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hearthd",
        abstract: "Continuous profiler: samples every process of the host.",
        version: Version.text,
        subcommands: [RunDaemon.self, CheckConfig.self, RecordCommand.self, DiffCommand.self],
        defaultSubcommand: RunDaemon.self)

    /// First argument with which the daemon starts itself again as the child without rights.
    static let symbolizerArgument = "--symbolizer-child"

    /// The child must not run anything of the daemon: it is told apart before arguments are parsed.
    static func main() async {
        if CommandLine.arguments.dropFirst().first == symbolizerArgument { runSymbolizerChild(socket: 3) }
        OwnMemory.limitArenas()
        await main(nil)
    }
}

/// What this build is.
enum Version {
    static let text = "0.1.0"
}
