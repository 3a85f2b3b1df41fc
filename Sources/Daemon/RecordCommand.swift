import ArgumentParser

/// `hearthd record`: samples a command or a process without a daemon and writes a file.
struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "Sample a command or a process, without a daemon, and write a file.")

    @OptionGroup var options: RecordOptions

    func run() async throws {}
}
