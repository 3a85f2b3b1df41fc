import CPlatform
import Glibc

/// A thread of the operating system for work that blocks; the cooperative pool is never blocked.
public final class PlatformThread: @unchecked Sendable {
    // Guard: `identifier` is written before `start` returns and read by `join` only.
    private var identifier = pthread_t()

    private final class Body {
        let name: String
        let run: @Sendable () -> Void
        init(_ name: String, _ run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Starts a thread with a name of at most 15 bytes.
    public init(name: String, _ run: @escaping @Sendable () -> Void) {
        let body = Body(name, run)
        let pointer = unsafe Unmanaged.passRetained(body).toOpaque()
        // SAFETY: the retained body is taken over by the thread's first instruction.
        let result = unsafe pthread_create(
            &identifier, nil,
            { pointer in
                guard let pointer = unsafe pointer else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue()
                unsafe hearth_set_thread_name(body.name)
                body.run()
                return nil
            }, pointer)
        precondition(result == 0, "no thread can be made: errno \(result)")
    }

    /// Waits for the end of the thread.
    public func join() { _ = pthread_join(identifier, nil) }
}

extension PlatformThread {
    /// Asks the scheduler to let the calling thread run soon after it wakes: rings fill while it waits for a CPU. What is
    /// not allowed is left as it is.
    ///
    /// The slice is the smallest that the kernel takes (kernel/sched/syscalls.c: 0.1 ms); a nice value below 0 needs
    /// CAP_SYS_NICE or RLIMIT_NICE (`Nice=` of the unit gives it as well).
    public static func preferLowLatency() { _ = hearth_prefer_latency(-15, 100_000) }
}
