import CPlatform
import Glibc
import Synchronization

/// A program that was started but waits before its first instruction until it is released.
public final class GatedCommand: Sendable {
    /// Its pid.
    public let pid: Int32
    private let gate: Mutex<FileDescriptor?>

    /// - Parameter command: name, looked up in PATH, and arguments; not empty.
    /// - Throws: the error of pipe or fork. A program that is not found ends with status 127 after the release.
    public init(_ command: [String]) throws(Errno) {
        // SAFETY: the strings live until the child has its copy of the memory.
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var descriptor: Int32 = -1
        let pid = unsafe hearth_spawn_gated(&arguments, &descriptor)
        guard pid > 0 else { throw Errno.last }
        self.pid = pid
        gate = Mutex(FileDescriptor(owning: descriptor))
    }

    /// Lets the program run.
    public func release() {
        guard let descriptor = gate.withLock({ $0.take() }) else { return }
        var byte: UInt8 = 1
        _ = unsafe write(descriptor.number, &byte, 1)
    }

    /// Waits for its end and returns its status as a shell does: 128 + signal for one that was killed.
    public func finish() -> Int32 {
        _ = gate.withLock { $0.take() }
        var status: Int32 = 0
        guard (try? retrying { unsafe waitpid(pid, &status, 0) }) != nil else { return 0 }
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}

/// A process by its pidfd: waiting for its end cannot be fooled by a reused pid.
public final class ProcessHandle: Sendable {
    /// The pid that was given.
    public let pid: Int32
    private let descriptor: FileDescriptor
    private let interrupt: StopSignal

    /// - Throws: ESRCH if there is no such process.
    public init(pid: Int32) throws(Errno) {
        self.pid = pid
        descriptor = FileDescriptor(owning: try retrying { hearth_pidfd_open(pid) })
        interrupt = try StopSignal()
    }

    /// Returns when the process has ended, the time is up, or `stopWaiting` was called.
    public func waitForEnd(seconds: Int?) {
        let deadline = seconds.map { SystemTime().monotonic() + UInt64($0) * 1_000_000_000 }
        while true {
            let now = SystemTime().monotonic()
            if let deadline, now >= deadline { return }
            let left = deadline.map { min(($0 - now) / 1_000_000 + 1, 1 << 30) } ?? 1 << 30
            var set = [
                pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0),
                pollfd(fd: interrupt.number, events: Int16(POLLIN), revents: 0),
            ]
            if unsafe poll(&set, 2, Int32(left)) > 0 { return }
        }
    }

    /// Ends `waitForEnd` now and at all later calls.
    public func stopWaiting() { interrupt.send() }
}
