import CPlatform

/// Tells the thread that made it of each single sample of chosen perf events, while their rings go on waking it in batches.
///
/// When a ring wakes its reader is settled at open. A signal at each sample (O_ASYNC) can be switched on and off at any
/// time instead (kernel/events/core.c, `__perf_event_overflow`: `perf_event_fasync`). It is SIGIO, which is pending at most
/// once and never runs a handler here: it is blocked, and read from a descriptor.
public final class SampleBell {
    private let descriptor: FileDescriptor

    /// Blocks SIGIO on the calling thread, which is the one that is told and must be the one that polls.
    public init() throws(Errno) { descriptor = FileDescriptor(owning: try retrying { hearth_bell_open() }) }

    /// Readable after a sample of an event that rings.
    public var number: Int32 { descriptor.number }

    /// Makes the descriptor unreadable until the next sample.
    public func silence() { hearth_bell_silence(descriptor.number) }

    /// Whether each sample of an event is told. To be called on the thread that made the bell.
    func attach(_ event: Int32, isOn: Bool) throws(Errno) {
        _ = try retrying { hearth_bell_attach(event, isOn ? 1 : 0) }
    }
}
