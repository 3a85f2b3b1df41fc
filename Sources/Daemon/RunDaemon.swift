import ArgumentParser
import Configuration
import Glibc
import Logging
import Platform

/// `hearthd` without a subcommand: samples and serves until told to end.
struct RunDaemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Sample and serve (the default); `hearthd run --help` lists its options.")

    @OptionGroup var options: DaemonOptions

    func run() async throws {
        let settings: Configuration
        do throws(ConfigurationProblems) {
            settings = try options.configuration()
        } catch {
            Standard.error("\(error)")
            throw ExitCode(1)
        }
        let threshold = LogThreshold(Logger.Level(settings.log.level))
        let format = options.logFormat
        LoggingSystem.bootstrap { JournalLogHandler(label: $0, threshold: threshold, format: format) }
        let logger = Logger(label: "hearthd")
        do {
            let wiring = try Wiring(settings: settings, options: options, threshold: threshold, logger: logger)
            try await wiring.run()
        } catch let error as StartFailure {
            logger.critical("cannot start", metadata: ["reason": "\(error)"])
            throw ExitCode(1)
        }
    }
}

/// Why the daemon cannot start, for a person.
struct StartFailure: Error, CustomStringConvertible {
    var description: String
}

/// The standard streams.
enum Standard {
    /// Writes a line to stderr.
    static func error(_ text: String) {
        var line = text + "\n"
        line.withUTF8 { bytes in
            // SAFETY: pointer and count are those of the lent buffer. What cannot be written cannot be reported either.
            _ = unsafe write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }
}

extension Logger.Level {
    /// The level of the configuration.
    init(_ level: LogLevel) { self = Logger.Level(rawValue: level.rawValue) ?? .info }
}
