import Foundation
import Platform
import TestKit

/// A real hearthd that samples this host, asked over its unix socket.
final class LiveDaemon: Sendable {
    private let child: RunningServer
    private let folder: TemporaryDirectory
    private let socket: String

    /// Why live sampling cannot run here, `nil` if it can.
    static let obstacle: String? = {
        let abilities = MachineProbe().run()
        guard let finding = abilities.limited.first(where: { $0.ability == .sampleEverything }) else { return nil }
        return "\(finding.detail); \(finding.mend)"
    }()

    /// The program that is tested: the release build if `HEARTH_BINARIES` names its folder, else the one built with
    /// these tests.
    static func program(_ name: String) -> String {
        if let folder = ProcessInfo.processInfo.environment["HEARTH_BINARIES"] { return "\(folder)/\(name)" }
        let bundle = Bundle.main.bundleURL
        let folders = [bundle, bundle.deletingLastPathComponent()]
        let paths = folders.map { $0.appendingPathComponent(name).path }
        return paths.first { FileManager.default.isExecutableFile(atPath: $0) } ?? name
    }

    /// Starts the daemon and waits until it is ready.
    init(hertz: Int = 999, extra: String = "") throws {
        folder = try TemporaryDirectory()
        socket = folder.appending("hearth.sock")
        let configuration = """
            listen: ["unix:\(socket)"]
            state_dir: \(folder.path)
            sampling:
              hertz: \(hertz)
            \(extra)
            """
        let file = try folder.write(Array(configuration.utf8), to: "hearth.yaml")
        child = try RunningServer(Self.program("hearthd"), ["--config", file], log: folder.appending("log"))
        try awaitReady()
    }

    var pid: Int32 { child.pid }

    private func awaitReady() throws {
        let deadline = Date().addingTimeInterval(60)
        while (try? get("/readyz")) == nil {
            guard Date() < deadline, child.isRunning else {
                throw CommandFailure(description: "hearthd is not ready: \(child.log)")
            }
            usleep(50_000)
        }
    }

    /// The body of an answer; throws for anything but 200.
    func get(_ path: String) throws -> String {
        let result = try Command.run(
            try ExternalTool.find("curl").get(),
            ["-sS", "--fail-with-body", "--max-time", "60", "--unix-socket", socket, "http://localhost\(path)"])
        guard result.status == 0 else {
            throw CommandFailure(description: "GET \(path): \(result.output) \(result.errors)")
        }
        return result.output
    }

    /// Folded stacks of a process between two moments (seconds since 1970), waiting until they are complete.
    func stacks(pid: Int32, from: Double, to: Double) throws -> FoldedStacks {
        let deadline = Date().addingTimeInterval(60)
        let query = "target=pid:\(pid)&from=\(Int(from.rounded(.down)))&to=\(Int(to.rounded(.up)) + 1)"
        while true {
            let newest = try truth(of: try get("/api/v1/targets"), "to_unix_nanoseconds")
            if newest / 1e9 > to.rounded(.up) + 1 { break }
            guard Date() < deadline else { throw CommandFailure(description: "the daemon lags behind") }
            usleep(100_000)
        }
        return FoldedStacks(
            try get("/api/v1/profile?\(query)&format=folded"), json: try get("/api/v1/profile?\(query)&format=json"))
    }

    /// A number out of the truth of an answer.
    func truth(of json: String, _ key: String) throws -> Double {
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let truth = object?["truth"] as? [String: Any]
        guard let number = (truth?[key] as? NSNumber)?.doubleValue else {
            throw CommandFailure(description: "no \(key) in \(json.prefix(300))")
        }
        return number
    }

    /// A metric's value, summed over its series whose line contains `labels`.
    func metric(_ name: String, _ labels: String = "") throws -> Double {
        try get("/metrics").split(separator: "\n").reduce(0) { sum, line in
            guard line.hasPrefix(name), line.contains(labels), let value = line.split(separator: " ").last else {
                return sum
            }
            let rest = line.dropFirst(name.utf8.count).first
            return rest == "{" || rest == " " ? sum + (Double(value) ?? 0) : sum
        }
    }
}
