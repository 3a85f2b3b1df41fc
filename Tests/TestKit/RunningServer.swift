import Glibc
import Platform

/// A server that runs for as long as somebody holds it; its standard error is a file. Ended with SIGTERM.
public final class RunningServer: Sendable {
    private let child: ChildProcess
    private let logPath: String

    /// Starts `path`; everything that it writes to standard error goes to the file `log`.
    public init(_ path: String, _ arguments: [String], log: String, environment: [String: String] = [:]) throws {
        logPath = log
        child = try ChildProcess(
            "/bin/sh", ["-c", "exec \"$@\" 2>\"$0\" </dev/null", log, path] + arguments, environment: environment,
            separateErrors: false)
    }

    /// Process id.
    public var pid: Int32 { child.pid }

    /// What it wrote to standard error.
    public var log: String {
        String(decoding: (try? FileDescriptor.open(logPath).readAll()) ?? [], as: UTF8.self)
    }

    /// Sends a signal.
    public func signal(_ number: Int32) { child.kill(number) }

    /// Whether it has not ended by itself.
    public var isRunning: Bool {
        // SAFETY: the struct outlives the call, which leaves the child to be reaped.
        var info = unsafe siginfo_t()
        guard unsafe waitid(P_PID, id_t(child.pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else { return false }
        return unsafe info.si_signo == 0
    }

    /// Asks it to end and waits: the exit code, or 128 + signal.
    public func end() -> Int32 {
        child.kill(SIGTERM)
        return child.wait()
    }

    deinit { _ = end() }
}
