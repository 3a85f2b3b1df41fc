import Glibc
public import Model

/// The clocks of the system.
public struct SystemTime: TimeSource {
    /// The clocks have no state.
    public init() {}
    /// Nanoseconds of CLOCK_MONOTONIC.
    public func monotonic() -> UInt64 { Self.read(CLOCK_MONOTONIC) }
    /// Nanoseconds since the Unix epoch.
    public func wall() -> Int64 { Int64(bitPattern: Self.read(CLOCK_REALTIME)) }

    /// CPU time of the calling thread in nanoseconds.
    public static func threadCPU() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    /// CPU time of the process in nanoseconds.
    public static func processCPU() -> UInt64 { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // SAFETY: the struct outlives the call, which fills it.
        _ = unsafe clock_gettime(clock, &time)
        return UInt64(bitPattern: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }
}
