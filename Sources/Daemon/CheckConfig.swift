import ArgumentParser
import Configuration

/// `hearthd check-config`: exit 0, or 1 with `file:line:column: what is wrong` for every problem.
struct CheckConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Read the configuration and say what is wrong with it.",
        discussion: "Exits with 0 when the daemon would take it, else with 1 and a line for each problem.")

    @OptionGroup var file: ConfigurationFileOption

    func run() throws {
        do throws(ConfigurationProblems) {
            _ = try file.load()
        } catch {
            StandardError.write("\(error)\n")
            throw ExitCode(1)
        }
        // The default file may be absent; loading it as if it had been asked for tells the two apart.
        let isThere = (try? Configuration.load(path: file.path)) != nil
        print("\(file.path): \(isThere ? "fine" : "not there, the defaults are in force")")
    }
}
