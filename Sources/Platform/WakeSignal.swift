import CPlatform
import Glibc

/// Wakes one waiting thread; wake-ups that come while it works are remembered as one.
public final class WakeSignal: Sendable {
    private let descriptor: FileDescriptor

    /// A signal that was not sent yet. Throws EMFILE and the like.
    public init() throws(Errno) {
        descriptor = FileDescriptor(owning: try retrying { eventfd(0, Int32(EFD_CLOEXEC)) })
    }

    /// May be called from any thread.
    public func send() {
        var one: UInt64 = 1
        // SAFETY: an event descriptor takes 8 bytes, which outlive the call.
        _ = unsafe write(descriptor.number, &one, 8)
    }

    /// Blocks until a wake-up was sent since the last call.
    public func wait() {
        var count: UInt64 = 0
        _ = try? retrying { unsafe read(descriptor.number, &count, 8) }
    }
}
