import Glibc
import Synchronization

/// A program with a known truth that has said it is ready; ended when the last reference goes.
public final class RunningProgram: Sendable {
    /// Process id.
    public var pid: Int32 { child.pid }
    /// The line by which it said that everything is set up.
    public let readyLine: String

    private let child: ChildProcess
    private let pending: Mutex<[UInt8]>

    /// Starts `path` and waits until its first line, `ready …`, is read.
    public init(_ path: String, _ arguments: [String], limit: Double = 20) throws {
        child = try ChildProcess(path, arguments, separateErrors: false)
        pending = Mutex([])
        readyLine = try Self.nextLine(child, pending, Deadline(seconds: limit)) ?? "(ended)"
        guard readyLine.hasPrefix("ready ") else {
            throw CommandFailure(description: "\(path) \(arguments.joined(separator: " ")) said: \(readyLine)")
        }
    }

    /// Lets a program that was started with `--wait` begin.
    public func begin() { child.feed([10]) }

    /// Sends a signal.
    public func signal(_ number: Int32) { child.kill(number) }

    /// The next line it prints; `nil` at the end of its output.
    public func nextLine(limit: Double = 60) throws -> String? {
        try Self.nextLine(child, pending, Deadline(seconds: limit))
    }

    /// Waits for its end by itself: exit code, and the lines not read yet.
    public func waitForEnd(limit: Double = 120) throws -> (status: Int32, lines: [String]) {
        var lines: [String] = []
        let deadline = Deadline(seconds: limit)
        while let line = try Self.nextLine(child, pending, deadline) { lines.append(line) }
        return (child.wait(), lines)
    }

    /// Ends it now.
    public func terminate() {
        child.kill(SIGKILL)
        _ = child.wait()
    }

    /// The value of `key=value` in a line such as the ready line.
    public static func value(_ key: String, in line: String) -> Double? {
        line.split(separator: " ").first { $0.hasPrefix("\(key)=") }.flatMap {
            Double($0.dropFirst(key.utf8.count + 1))
        }
    }

    private static func nextLine(
        _ child: ChildProcess, _ pending: borrowing Mutex<[UInt8]>, _ deadline: Deadline
    ) throws -> String? {
        while true {
            if let line = pending.withLock({ takeLine(&$0) }) { return line }
            guard deadline.awaitReadable([child.output]) != nil else {
                throw CommandFailure(description: "pid \(child.pid) printed nothing in time")
            }
            let chunk = readChunk(child.output)
            if chunk.isEmpty { return nil }
            pending.withLock { $0.append(contentsOf: chunk) }
        }
    }

    private static func takeLine(_ bytes: inout [UInt8]) -> String? {
        guard let end = bytes.firstIndex(of: 10) else { return nil }
        defer { bytes.removeFirst(end + 1) }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }
}
