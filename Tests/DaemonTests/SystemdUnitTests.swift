import Foundation
import TestKit
import Testing

/// The shipped unit and socket under a real systemd, with the real programs.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: SystemdSandbox.isPossible))
struct SystemdUnitTests {
    @Test func lifeOfTheService() throws {
        let sandbox = try SystemdSandbox()
        try sandbox.installHearth()

        // Type=notify: start returns when the daemon says that it is ready, with the sockets that systemd made.
        try sandbox.demand("systemctl", "start", "hearthd.socket", "hearthd.service")
        #expect(try sandbox.property("ActiveState") == "active")
        #expect(try sandbox.property("StatusText") != "")
        let socket = try sandbox.demand("stat", "-c", "%U:%G:%a:%i", "/run/hearth/hearth.sock")
        #expect(socket.hasPrefix("root:hearth:660:"))

        // A service that burns CPU has the name of its unit, through the socket and through TCP.
        try sandbox.demand("systemd-run", "-q", "--unit=burner", "sh", "-c", "while :; do :; done")
        try sandbox.await("burner.service is a target") {
            try sandbox.run("hearth", "top", "burner.service", "--once", "--window", "10s").status == 0
        }
        try sandbox.demand("hearth", "targets", "--server", "http://127.0.0.1:9797")

        // A reload keeps the process.
        let pid = try sandbox.property("MainPID")
        try sandbox.demand("systemctl", "reload", "hearthd.service")
        #expect(try sandbox.property("MainPID") == pid)

        // A restart keeps the socket: whoever connects meanwhile waits instead of being refused.
        try sandbox.demand("systemctl", "restart", "hearthd.service")
        #expect(try sandbox.demand("stat", "-c", "%U:%G:%a:%i", "/run/hearth/hearth.sock") == socket)
        try sandbox.demand("hearth", "targets")

        try sandbox.demand("systemctl", "stop", "hearthd.socket", "hearthd.service")
        #expect(try sandbox.property("Result") == "success")
    }

    /// A daemon that hangs is killed by the watchdog and started again.
    @Test func watchdog() throws {
        let sandbox = try SystemdSandbox()
        try sandbox.installHearth()
        try sandbox.demand("mkdir", "-p", "/run/systemd/system/hearthd.service.d")
        try sandbox.demand(
            "sh", "-c",
            "printf '[Service]\\nWatchdogSec=2\\nRestartSec=100ms\\n' > /run/systemd/system/hearthd.service.d/test.conf"
        )
        try sandbox.demand("systemctl", "daemon-reload")
        try sandbox.demand("systemctl", "start", "hearthd.socket", "hearthd.service")
        try sandbox.demand("kill", "-STOP", try sandbox.property("MainPID"))
        try sandbox.await("the watchdog restarts the daemon") {
            try sandbox.property("NRestarts") == "1" && sandbox.property("ActiveState") == "active"
        }
        let journal = try sandbox.demand("journalctl", "--no-pager", "-u", "hearthd.service")
        #expect(journal.contains("Watchdog timeout"))
        try sandbox.demand("hearth", "targets")
    }

    /// What the unit forbids stays forbidden: the score of systemd's own judge, lower is better.
    @Test func exposure() throws {
        let sandbox = try SystemdSandbox()
        try sandbox.installHearth()
        try sandbox.demand("systemd-analyze", "verify", "hearthd.service", "hearthd.socket")
        let text = try sandbox.demand(
            "systemd-analyze", "security", "--no-pager", "--offline=true", "/etc/systemd/system/hearthd.service")
        let words = try #require(text.split(separator: "\n").last { $0.contains("Overall exposure") }).split(
            separator: " ")
        let score = try #require(words.compactMap { Double($0) }.first)
        #expect(score <= 2.6)
    }
}

/// A systemd of its own; powered off at the end.
final class SystemdSandbox {
    private let name = "hearth-unit-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    private static let script = root + "/scripts/systemd-sandbox"

    /// Root, a systemd to boot, and a kernel that lets namespaces be made.
    static let isPossible: Bool = {
        guard getuid() == 0, FileManager.default.isExecutableFile(atPath: "/lib/systemd/systemd") else { return false }
        let unshare = try? Command.run("/usr/bin/unshare", ["--mount", "--pid", "--fork", "--cgroup", "true"])
        return unshare?.status == 0
    }()

    init() throws {
        let result = try Command.run(Self.script, ["start"], environment: environment, limit: 60)
        guard result.status == 0 else { throw CommandFailure(description: result.errors) }
    }

    deinit { _ = try? Command.run(Self.script, ["stop"], environment: environment, limit: 60) }

    private var environment: [String: String] {
        ["SANDBOX_NAME": name, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    }

    func run(_ command: String...) throws -> CommandResult { try run(command) }

    private func run(_ command: [String]) throws -> CommandResult {
        try Command.run(Self.script, ["sh"] + command, environment: environment, limit: 60)
    }

    /// Runs a command that must work; what it printed, without the last line end.
    @discardableResult func demand(_ command: String...) throws -> String {
        let result = try run(command)
        guard result.status == 0 else {
            let journal = try? run(["journalctl", "--no-pager", "-n", "40"]).output
            throw CommandFailure(
                description: "\(command.joined(separator: " ")): \(result.status)\n\(result.errors)\n\(journal ?? "")")
        }
        return result.output.trimmingCharacters(in: .newlines)
    }

    func property(_ name: String) throws -> String {
        try demand("systemctl", "show", "hearthd.service", "--value", "-p", name)
    }

    /// Asks until it is so, a minute at most.
    func await(_ what: String, _ condition: () throws -> Bool) throws {
        let end = Date().addingTimeInterval(60)
        while try !condition() {
            guard Date() < end else {
                throw CommandFailure(
                    description: "not so: \(what)\n\(try demand("journalctl", "--no-pager", "-n", "40"))")
            }
        }
    }

    /// Puts programs, units and configuration where `make install` puts them, inside the sandbox alone.
    func installHearth() throws {
        for program in ["hearthd", "hearth"] {
            let path = Self.program(program)
            try put(path, at: "/usr/bin/\(program)", mode: "755")
            // A debug build needs the libraries of the toolchain, which may lie in a home that the unit cannot see.
            let linked = try Command.output("ldd", [path]).split(whereSeparator: \.isWhitespace)
            for library in linked where library.hasPrefix("/") && library.contains("/swift/") {
                try put(
                    String(library), at: "/usr/lib/\(URL(filePath: String(library)).lastPathComponent)", mode: "644")
            }
        }
        try demand("mkdir", "-p", "/etc/hearth", "/usr/share/doc/hearth")
        try demand("touch", "/usr/share/doc/hearth/README.md")
        try put(Self.root + "/config/hearth.yaml", at: "/etc/hearth/hearth.yaml", mode: "644")
        for unit in ["hearthd.service", "hearthd.socket"] {
            try put(Self.root + "/systemd/\(unit)", at: "/etc/systemd/system/\(unit)", mode: "644")
        }
        try put(Self.root + "/systemd/hearth.sysusers", at: "/usr/lib/sysusers.d/hearth.conf", mode: "644")
        try demand("systemd-sysusers")
        try demand("ldconfig", "/usr/lib")
        try demand("systemctl", "daemon-reload")
    }

    /// Copies a file into the sandbox, through a pipe: folders like /tmp are not the host's there.
    private func put(_ path: String, at destination: String, mode: String) throws {
        let bytes = try Array(Data(contentsOf: URL(filePath: path), options: .alwaysMapped))
        let copy = "cat > '\(destination)' && chmod \(mode) '\(destination)'"
        let result = try Command.run(
            Self.script, ["sh", "sh", "-c", copy], input: bytes, environment: environment, limit: 60)
        guard result.status == 0 else { throw CommandFailure(description: "\(destination): \(result.errors)") }
    }

    /// The release build if `HEARTH_BINARIES` names its folder, else the one built with these tests.
    private static func program(_ name: String) -> String {
        if let folder = ProcessInfo.processInfo.environment["HEARTH_BINARIES"] { return "\(folder)/\(name)" }
        let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return own.deletingLastPathComponent().appending(path: name).path
    }
}
