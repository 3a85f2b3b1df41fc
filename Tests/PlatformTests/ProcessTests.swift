import Glibc
import Synchronization
import TestKit
import Testing

@testable import Platform

struct ProcessTests {
    private func status(_ command: [String]) throws -> Int32 {
        let gated = try GatedCommand(command)
        gated.release()
        return gated.finish()
    }

    @Test func statuses() throws {
        #expect(try status(["true"]) == 0)
        #expect(try status(["sh", "-c", "exit 3"]) == 3)
        #expect(try status(["hearth-no-such-program"]) == 127)
        #expect(try status(["/etc/passwd"]) == 126)
        #expect(try status(["sh", "-c", "kill -KILL $$"]) == 128 + SIGKILL)
        #expect(try status(["sh", "-c", "kill -SEGV $$"]) == 128 + SIGSEGV)
    }

    /// Before the release nothing of the program has run; arguments arrive as they are.
    @Test func gate() throws {
        let folder = try TemporaryDirectory()
        let file = folder.appending("a b")
        let gated = try GatedCommand(["touch", file])
        let name = try FileDescriptor.open("/proc/\(gated.pid)/comm").readAll()
        #expect(String(decoding: name, as: UTF8.self) != "touch\n")
        #expect(unsafe access(file, F_OK) != 0)
        gated.release()
        gated.release()
        #expect(gated.finish() == 0)
        #expect(unsafe access(file, F_OK) == 0)
    }

    /// A command that is never released ends by itself, without having run.
    @Test func neverReleased() throws {
        let folder = try TemporaryDirectory()
        let gated = try GatedCommand(["touch", folder.appending("x")])
        #expect(gated.finish() == 125)
        #expect(unsafe access(folder.appending("x"), F_OK) != 0)
    }

    /// Programs get signals and their usual effect, whatever the thread that starts them has blocked.
    @Test func signalsReachTheProgram() throws {
        #expect(try status(["sh", "-c", "kill -TERM $$; sleep 0"]) == 128 + SIGTERM)
        #expect(try status(["sh", "-c", "kill -PIPE $$; sleep 0"]) == 128 + SIGPIPE)
    }

    @Test func waitsForTheEnd() throws {
        let gated = try GatedCommand(["true"])
        let handle = try ProcessHandle(pid: gated.pid)
        let before = SystemTime().monotonic()
        handle.waitForEnd(seconds: 1)
        #expect(SystemTime().monotonic() - before >= 1_000_000_000)
        gated.release()
        handle.waitForEnd(seconds: nil)
        #expect(gated.finish() == 0)
        // Ended and reaped: still no wait.
        handle.waitForEnd(seconds: nil)
        #expect(throws: Errno(ESRCH)) { try ProcessHandle(pid: gated.pid) }
    }

    @Test func waitingCanBeEnded() throws {
        let gated = try GatedCommand(["true"])
        let handle = try ProcessHandle(pid: gated.pid)
        let waiter = PlatformThread(name: "waiter") { handle.waitForEnd(seconds: nil) }
        handle.stopWaiting()
        waiter.join()
        handle.waitForEnd(seconds: nil)
        _ = gated.finish()
    }

    /// Wake-ups before the wait are remembered as one; the next wait needs another.
    @Test func wakeSignal() throws {
        let signal = try WakeSignal()
        signal.send()
        signal.send()
        signal.wait()
        let woken = EventCount()
        let thread = PlatformThread(name: "woken") {
            signal.wait()
            woken.count.add(1, ordering: .releasing)
        }
        #expect(woken.count.load(ordering: .acquiring) == 0)
        signal.send()
        thread.join()
        #expect(woken.count.load(ordering: .acquiring) == 1)
    }

    private final class EventCount: Sendable {
        let count = Atomic<Int>(0)
    }

    @Test func stopSignal() throws {
        let signal = try StopSignal()
        func isReadable() -> Bool {
            var set = [pollfd(fd: signal.number, events: Int16(POLLIN), revents: 0)]
            return unsafe poll(&set, 1, 0) == 1
        }
        #expect(!isReadable())
        for _ in 0..<3 { signal.send() }
        #expect(isReadable())
        #expect(isReadable())
    }
}
