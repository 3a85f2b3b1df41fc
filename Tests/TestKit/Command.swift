import Glibc
import Platform

/// What a command left behind.
public struct CommandResult: Sendable {
    /// The exit code, or 128 + the number of the signal that ended it.
    public var status: Int32
    /// Standard output.
    public var bytes: [UInt8]
    /// Standard error as text.
    public var errors: String
    /// Standard output as text.
    public var output: String { String(decoding: bytes, as: UTF8.self) }
}

/// A command did not do what a test needs of it.
public struct CommandFailure: Error, CustomStringConvertible {
    /// What was run and what it said.
    public var description: String
    /// A failure in words.
    public init(description: String) { self.description = description }
}

/// Runs external programs with a time limit and keeps what they print.
public enum Command {
    /// Runs `path` to its end. Throws when it cannot be started or outlives `limit` seconds (then it is killed).
    public static func run(
        _ path: String, _ arguments: [String] = [], input: [UInt8] = [], environment: [String: String] = [:],
        directory: String? = nil, limit: Double = 120
    ) throws -> CommandResult {
        let line = directory.map { ["/usr/bin/env", "-C", $0, path] + arguments } ?? [path] + arguments
        let child = try ChildProcess(
            line[0], Array(line.dropFirst()), environment: environment, separateErrors: true)
        child.feed(input)
        var collected = [child.output: [UInt8](), child.errors: [UInt8]()]
        let deadline = Deadline(seconds: limit)
        var open = Set(collected.keys)
        while !open.isEmpty {
            guard let ready = deadline.awaitReadable(Array(open)) else {
                child.kill(SIGKILL)
                throw CommandFailure(description: "\(path) \(arguments.joined(separator: " ")): over \(limit) s")
            }
            for number in ready {
                let chunk = readChunk(number)
                if chunk.isEmpty { open.remove(number) } else { collected[number]?.append(contentsOf: chunk) }
            }
        }
        return CommandResult(
            status: child.wait(), bytes: collected[child.output] ?? [],
            errors: String(decoding: collected[child.errors] ?? [], as: UTF8.self))
    }

    /// Finds a tool by name, runs it and demands exit code 0; its standard output.
    public static func output(_ tool: String, _ arguments: [String], limit: Double = 120) throws -> String {
        let result = try run(try ExternalTool.find(tool).get(), arguments, limit: limit)
        if result.status == 0 { return result.output }
        let line = "\(tool) \(arguments.joined(separator: " "))"
        throw CommandFailure(description: "\(line): status \(result.status)\n\(result.errors.suffix(4000))")
    }
}

/// A moment on the monotonic clock until which somebody waits.
struct Deadline {
    private let end: UInt64

    init(seconds: Double) { end = Self.now() &+ UInt64(seconds * 1e9) }

    private static func now() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Those of `numbers` that can be read or have ended; `nil` when the time is over.
    func awaitReadable(_ numbers: [Int32]) -> [Int32]? {
        var polled = numbers.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while true {
            let now = Self.now()
            if now >= end { return nil }
            let left = Int32(clamping: (end - now) / 1_000_000 + 1)
            if unsafe poll(&polled, nfds_t(polled.count), left) > 0 {
                return polled.filter { $0.revents != 0 }.map(\.fd)
            }
        }
    }
}

/// At most 64 KiB of what can be read now; empty at the end.
func readChunk(_ number: Int32) -> [UInt8] {
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    let got = unsafe read(number, &chunk, chunk.count)
    return Array(chunk.prefix(max(got, 0)))
}
