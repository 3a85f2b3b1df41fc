import CPlatform
import Glibc

/// Wakes a thread that waits in poll(2), once and for good.
public final class StopSignal: Sendable {
    private let descriptor: FileDescriptor

    /// A signal that was not sent yet. Throws EMFILE and the like.
    public init() throws(Errno) {
        descriptor = FileDescriptor(owning: try retrying { eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK)) })
    }

    /// Readable after `send`.
    public var number: Int32 { descriptor.number }

    /// May be called from any thread, any number of times.
    public func send() {
        var one: UInt64 = 1
        // SAFETY: an event descriptor takes 8 bytes, which outlive the call.
        _ = unsafe write(descriptor.number, &one, 8)
    }
}
