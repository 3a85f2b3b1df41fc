public import Analysis
public import ArgumentParser
import Exporter
import Model
import Platform

extension DiffNormalization: ExpressibleByArgument {}

/// `hearthd diff`: compares two files without a daemon and writes the answer of `/api/v1/diff`.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Compare two pprof files and write what changed.")

    @Argument(help: ArgumentHelp("Profile before.", valueName: "BASE")) var base: String
    @Argument(help: ArgumentHelp("Profile after.", valueName: "TO")) var to: String
    @Option(help: "Format: json, pprof, folded, svg, html, speedscope.") var format = "json"
    @Option(name: .shortAndLong, help: ArgumentHelp("File to write.", valueName: "FILE")) var output = "/dev/stdout"
    @Option(help: "Per second (time) or by share (total); by share where a file states no duration.")
    var normalize: DiffNormalization?
    @Option(help: "Only stacks that contain this function.") var function: String?
    @Option(help: "Only threads of this name.") var thread: String?
    @Option(help: "Only this process.") var pid: Int32?
    @Option(help: "Only stacks through this module.") var module: String?

    /// Largest file that is read.
    private static let largestFile = 128 << 20

    func run() throws {
        do {
            guard let format = DiffFormat.named(format) else { throw DiffFailure(2, "unknown format '\(format)'") }
            let (before, after) = (try read(base), try read(to))
            let normalization = try normalization(before, after)
            var builder = DiffBuilder(normalization, title: "all")
            builder.add(before, to: .base)
            builder.add(after, to: .to)
            let diff = builder.finish(maximumNodes: format.maximumNodes)
            let document = DiffDocument(diff: diff, base: before, to: after, baseTitle: base, title: to)
            try AtomicFile.write(format.encode(document), to: output)
        } catch let failure as DiffFailure {
            Standard.error("hearthd diff: \(failure.message)")
            throw ExitCode(failure.status)
        } catch let error as Errno {
            Standard.error("hearthd diff: \(output) was not written: \(error)")
            throw ExitCode(5)
        }
    }

    private func read(_ path: String) throws(DiffFailure) -> Profile {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try FileDescriptor.open(path).readAll(limit: Self.largestFile + 1)
        } catch {
            throw DiffFailure(5, "\(path): \(error)")
        }
        guard bytes.count <= Self.largestFile else {
            throw DiffFailure(5, "\(path): more than \(Self.largestFile >> 20) MiB")
        }
        do throws(PprofError) {
            return try PprofDecoder.decode(bytes).filtered(by: filter)
        } catch {
            throw DiffFailure(5, "\(path): \(error)")
        }
    }

    private var filter: ProfileFilter {
        func pattern(_ text: String?) -> NamePattern? { text.flatMap { NamePattern($0) } }
        return ProfileFilter(
            function: pattern(function), thread: pattern(thread), pid: pid, module: pattern(module))
    }

    /// Files of other tools may say nothing about how long was sampled.
    private func normalization(_ base: Profile, _ to: Profile) throws(DiffFailure) -> DiffNormalization {
        let hasTime = base.endTime > base.startTime && to.endTime > to.startTime
        guard let normalize else { return hasTime ? .time : .total }
        if normalize == .time, !hasTime {
            throw DiffFailure(
                4, "a file states no duration, so that nothing can be said per second; use --normalize total")
        }
        return normalize
    }
}

/// Why two files cannot be compared, with the status of the client for it.
private struct DiffFailure: Error {
    var status: Int32
    var message: String

    init(_ status: Int32, _ message: String) {
        self.status = status
        self.message = message
    }
}
