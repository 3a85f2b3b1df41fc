import ArgumentParser
import Exporter
import Platform

/// `hearthd record`: samples a command or a process without a daemon and writes a file.
struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "Sample a command or a process, without a daemon, and write a file.")

    @OptionGroup var options: RecordOptions

    func validate() throws {
        guard format != nil else {
            let endings = ProfileFormat.all.map(\.fileEnding).joined(separator: " ")
            throw ValidationError("-o \(options.output): the ending chooses the format: \(endings)")
        }
    }

    private var format: ProfileFormat? {
        ProfileFormat.all.filter { options.output.hasSuffix($0.fileEnding) }
            .max { $0.fileEnding.utf8.count < $1.fileEnding.utf8.count }
    }

    func run() async throws {
        guard let format else { throw ExitCode(2) }
        do {
            let recording = try RecordingSession(options)
            let outcome = try await recording.run()
            let document = ProfileDocument(profile: outcome.profile, target: recording.title)
            try AtomicFile.write(format.encode(document), to: options.output)
            Standard.error("hearth: \(outcome.summary), written to \(options.output)")
            throw ExitCode(outcome.status)
        } catch let error as StartFailure {
            Standard.error("hearthd record: \(error)")
            throw ExitCode(3)
        } catch let error as Errno {
            Standard.error("hearthd record: \(options.output) was not written: \(error)")
            throw ExitCode(5)
        }
    }
}
