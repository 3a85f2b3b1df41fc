import ArgumentParser
import Glibc
import Model

/// The client.
struct Hearth: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hearth",
        abstract: "See where the CPU of every process on this host goes.",
        discussion: """
            Asks the daemon hearthd; `hearth record` and `hearth doctor` work without it.

            TARGET is a name from `hearth targets`, or pid:1234, exe:NAME, unit:NAME.service, container:ID, or all.

            EXAMPLES
              hearth targets
              hearth top nginx.service
              hearth flame all --seconds 10 -o flame.html
              hearth diff nginx.service --base -15m..-10m --to 5m
              hearth record -o flame.svg -- make -j4

            EXIT STATUS
              0 fine · 1 the answer is no · 2 usage · 3 the daemon cannot be reached or does not permit it ·
              4 not enough data · 5 any other failure
            """,
        version: "hearth \(HearthVersion.current)",
        subcommands: [Targets.self, Top.self, Flame.self, Diff.self, Record.self, Doctor.self])

    /// Runs what the arguments say and says how it ended. The parser's own status for misuse, 64, becomes 2.
    static func perform(_ arguments: [String]) -> ExitStatus {
        do {
            var command = try parseAsRoot(GlobalOptions.behindCommand(arguments))
            try command.run()
            return .fine
        } catch let failure as Failure {
            Terminal.say("hearth: \(failure)")
            return failure.status
        } catch let code as ExitCode {
            return ExitStatus(rawValue: code.rawValue) ?? .failed
        } catch {
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code.isSuccess {
                try? Terminal.write(text + "\n")
                return .fine
            }
            Terminal.say(text)
            return code == .validationFailure ? .usage : .failed
        }
    }
}

/// Options of every command that asks the daemon.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where hearthd answers (env HEARTH_SERVER; default: unix:\(ServerAddress.defaultSocket), "
                + "then \(ServerAddress.defaultURL)).",
            valueName: "URL|unix:PATH"))
    var server: String?

    @Option(help: "When to write colours; auto obeys NO_COLOR.")
    var color: ColorChoice = .auto

    /// The daemon that is meant.
    func daemon() throws(Failure) -> Daemon {
        let environment = Terminal.environment("HEARTH_SERVER") ?? ""
        return try Daemon(server: server ?? (environment.isEmpty ? nil : environment))
    }

    /// Colours for stdout.
    var paint: Paint { Paint(isOn: Terminal.colors(color)) }
}

/// TARGET, checked before anything is asked.
struct TargetArgument {
    static let help = ArgumentHelp(
        "A name from `hearth targets`, pid:N, exe:NAME, unit:NAME.service, container:ID, or all.", valueName: "TARGET")

    static func check(_ text: String) throws(Failure) {
        if TargetSelector(text) == nil {
            throw Failure(
                .usage, "'\(Terminal.plain(text))' is no target",
                hint: "a name from `hearth targets`, pid:1234, exe:NAME, unit:NAME.service, "
                    + "container:ID (12 characters or more), or all")
        }
    }
}
