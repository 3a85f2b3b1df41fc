import Foundation
import TestKit
import Testing

/// A terminal of tmux with a shell that runs one command; ended with its owner.
final class TmuxScreen {
    private let tmux: String
    private let name = "hearth-\(UUID().uuidString.prefix(8))"

    /// Why there is no tmux, `nil` if there is.
    static var obstacle: String? {
        switch TestKit.ExternalTool.find("tmux") {
        case .success: return nil
        case .failure(let reason): return reason.description
        }
    }

    /// Prints `before`, runs the command, prints `ended STATUS` and waits.
    init(_ command: String, columns: Int = 100, rows: Int = 30) throws {
        tmux = try TestKit.ExternalTool.find("tmux").get()
        // Ctrl-C reaches the shell as well, which must outlive it.
        let script = "trap : INT; echo before; \(command); echo \"ended $?\"; exec cat"
        try call("-f", "/dev/null", "-u", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", "sh", "-c", script)
    }

    deinit { _ = try? call("kill-server") }

    @discardableResult private func call(_ arguments: String...) throws -> String {
        let environment = ["LC_ALL": "C.UTF-8", "TERM": "xterm-256color"]
        let result = try Command.run(tmux, ["-L", name] + arguments, environment: environment, limit: 20)
        guard result.status == 0 else { throw CommandFailure(description: "tmux \(arguments): \(result.errors)") }
        return result.output
    }

    /// What is on the screen, a line each.
    func shown() throws -> [String] {
        try call("capture-pane", "-p").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// Waits for a state of the screen and returns it.
    @discardableResult
    func wait(for what: String, _ condition: ([String]) -> Bool) throws -> [String] {
        let deadline = Date().addingTimeInterval(40)
        while true {
            let lines = try shown()
            if condition(lines) { return lines }
            guard Date() < deadline else {
                throw CommandFailure(description: "never came: \(what)\n\(lines.joined(separator: "\n"))")
            }
            usleep(50_000)
        }
    }

    @discardableResult
    func awaitText(_ text: String) throws -> [String] {
        try wait(for: "'\(text)'") { $0.contains { $0.contains(text) } }
    }

    /// Keys by their names in tmux.
    func press(_ keys: String...) throws {
        for key in keys { try call("send-keys", key) }
    }

    func type(_ text: String) throws { try call("send-keys", "-l", text) }

    func resize(columns: Int, rows: Int) throws {
        try call("resize-window", "-x", "\(columns)", "-y", "\(rows)")
    }

    /// Sends a signal to the program that the shell runs.
    func signal(_ number: Int32) throws {
        let shell = try call("list-panes", "-F", "#{pane_pid}").trimmingCharacters(in: .whitespacesAndNewlines)
        let children = try String(contentsOfFile: "/proc/\(shell)/task/\(shell)/children", encoding: .utf8)
        let pid = try #require(children.split(separator: " ").first.flatMap { Int32($0) })
        kill(pid, number)
    }
}
