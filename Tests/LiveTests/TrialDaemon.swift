import Foundation
import Glibc
import TestKit

/// A real hearthd under conditions of a test's choice: its user, its addresses, its rules, its end.
final class TrialDaemon: Sendable {
    /// Its configuration, socket and log are in here.
    let folder: TemporaryDirectory
    private let server: RunningServer
    private let hertz: Int

    /// A status 200…599 with its body; status 0 when nobody answered.
    struct Answer {
        var status: Int
        var body: String
    }

    /// - Parameters:
    ///   - wrapper: what runs the daemon, such as `setpriv …`; may be another user.
    ///   - listen: addresses beside the unix socket.
    ///   - targets: the lines below `targets:`.
    init(
        wrapper: [String] = [], listen: [String] = [], hertz: Int = 99, targets: String = "  rules: []",
        folder: TemporaryDirectory? = nil
    ) throws {
        let folder = try folder ?? TemporaryDirectory()
        self.folder = folder
        self.hertz = hertz
        var program = LiveDaemon.program("hearthd")
        if !wrapper.isEmpty {
            // Another user may be unable to reach the folder of the build.
            _ = unsafe chmod(folder.path, 0o777)
            _ = try Command.output("cp", [program, folder.appending("hearthd")])
            program = folder.appending("hearthd")
        }
        try Self.write(targets, hertz: hertz, into: folder)
        let line =
            wrapper + [program, "--config", folder.appending("hearth.yaml"), "--listen", "unix:\(folder.path)/sock"]
        server = try RunningServer(
            line[0], Array(line.dropFirst()) + listen.flatMap { ["--listen", $0] }, log: folder.appending("log"))
    }

    private static func write(_ targets: String, hertz: Int, into folder: TemporaryDirectory) throws {
        let text = "state_dir: \(folder.path)\nsampling:\n  hertz: \(hertz)\ntargets:\n\(targets)\n"
        _ = unsafe chmod(try folder.write(Array(text.utf8), to: "hearth.yaml"), 0o644)
    }

    var pid: Int32 { server.pid }
    var log: String { server.log }
    var socket: String { folder.appending("sock") }
    /// For `hearth --server`.
    var address: String { "unix:\(socket)" }

    /// Changes the rules and says so.
    func reload(targets: String) throws {
        try Self.write(targets, hertz: hertz, into: folder)
        server.signal(SIGHUP)
    }

    /// Asks it to end and waits: the exit code.
    func end() -> Int32 { server.end() }

    /// Waits for it to end by itself: the exit code, `nil` if it does not.
    func awaitEnd() -> Int32? {
        let deadline = Date().addingTimeInterval(60)
        while server.isRunning, Date() < deadline { usleep(20_000) }
        return server.isRunning ? nil : server.end()
    }

    /// Waits for a line in its log, which is returned.
    @discardableResult func awaitLog(_ text: String) throws -> String {
        try wait(for: "'\(text)' in the log") { log.contains(text) }
        return log.split(separator: "\n").first { $0.contains(text) }.map(String.init) ?? ""
    }

    func awaitReady() throws { try wait(for: "readiness") { try get("/readyz").status == 200 } }

    /// Waits for a condition, at most a minute.
    func wait(for what: String, _ condition: () throws -> Bool) throws {
        let deadline = Date().addingTimeInterval(60)
        while try !condition() {
            guard Date() < deadline, server.isRunning else {
                throw CommandFailure(description: "waited for \(what):\n\(log.suffix(3000))")
            }
            usleep(20_000)
        }
    }

    func get(_ path: String) throws -> Answer {
        let result = try Command.run(
            try ExternalTool.find("curl").get(),
            [
                "-sS", "-g", "--max-time", "60", "-w", "\n%{http_code}", "--unix-socket", socket,
                "http://localhost\(path)",
            ])
        let end = result.output.lastIndex(of: "\n") ?? result.output.startIndex
        return Answer(
            status: Int(result.output[end...].dropFirst()) ?? 0, body: String(result.output[..<end]))
    }

    /// Port of the TCP address that was asked for as port 0.
    func port() throws -> Int {
        let line = try awaitLog("address=127.0.0.1:")
        return line.firstMatch(of: /address=127\.0\.0\.1:(\d+)/).flatMap { Int($0.1) } ?? 0
    }

    /// Names of the targets that it knows now.
    func targets() throws -> [String: [Int]] {
        let answer = try get("/api/v1/targets")
        guard answer.status == 200 else { return [:] }
        let object = try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any]
        let list = object?["targets"] as? [[String: Any]] ?? []
        return Dictionary(
            list.map { ($0["name"] as? String ?? "", ($0["pids"] as? [Any] ?? []).compactMap { $0 as? Int }) },
            uniquingKeysWith: +)
    }

    /// The sum of a metric's series.
    func metric(_ name: String) throws -> Double? {
        let values = try get("/metrics").body.split(separator: "\n").filter {
            $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{")
        }
        .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
        return values.isEmpty ? nil : values.reduce(0, +)
    }
}
