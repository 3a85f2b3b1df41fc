import CSystemd
import Glibc
import Synchronization

/// The service manager that started this process, if one did: sd_notify(3), sd_watchdog_enabled(3).
///
/// Everything is a no-op without systemd.
public struct ServiceManager: Sendable {
    /// The manager named by the environment.
    public init() {}

    /// Whether a manager listens for notifications.
    public var isPresent: Bool {
        // SAFETY: the result is only compared with nil.
        unsafe getenv("NOTIFY_SOCKET") != nil
    }

    /// Start-up is done, or the reload is.
    public func ready(status: String) { notify("READY=1\nSTATUS=\(Self.oneLine(status))") }

    /// A reload began: `Type=notify-reload` orders by the time, which must be of CLOCK_MONOTONIC.
    public func reloading() { notify("RELOADING=1\nMONOTONIC_USEC=\(SystemTime().monotonic() / 1000)") }

    /// The service is about to end.
    public func stopping() { notify("STOPPING=1") }

    /// The line that `systemctl status` shows.
    public func status(_ text: String) { notify("STATUS=\(Self.oneLine(text))") }

    /// The service is alive; to be sent at least twice per ``watchdogInterval``.
    public func keepAlive() { notify("WATCHDOG=1") }

    /// Time after which the manager kills a service that did not call ``keepAlive()``; `nil` without a watchdog.
    public var watchdogInterval: Duration? {
        var microseconds: UInt64 = 0
        // SAFETY: the word outlives the call, which fills it.
        guard unsafe sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(clamping: microseconds))
    }

    /// Sent and forgotten: a manager that does not listen is no reason to stop.
    private func notify(_ state: String) {
        // SAFETY: the text is copied into the message during the call.
        _ = unsafe sd_notify(0, state)
    }

    /// A line end would begin another assignment.
    private static func oneLine(_ text: String) -> String {
        String(text.prefix(500).map { $0.isNewline || $0 == "\0" ? " " : $0 })
    }
}

/// A socket that the service manager opened for this process.
public final class InheritedSocket: Sendable {
    /// The address family.
    public enum Family: Hashable, Sendable {
        case ipv4, ipv6, unix, netlink
        /// A number of `AF_…`.
        case other(Int32)
    }

    /// Name from `FileDescriptorName=`, `unknown` if there is none.
    public let name: String
    /// The family of the socket.
    public let family: Family
    /// Whether it accepts connections.
    public let isListening: Bool
    private let slot: Mutex<FileDescriptor?>

    init(name: String, family: Family, isListening: Bool, _ descriptor: consuming FileDescriptor) {
        self.name = name
        self.family = family
        self.isListening = isListening
        slot = Mutex(descriptor)
    }

    /// The descriptor, once: the caller owns it from now on.
    public func take() -> FileDescriptor? { slot.withLock { $0.take() } }
}

extension ServiceManager {
    /// Takes over the sockets passed by systemd (sd_listen_fds_with_names(3)); empty without socket activation and at
    /// every call but the first, since the variables of the environment are removed.
    /// Descriptors that are no sockets are closed.
    public func takeSockets() -> [InheritedSocket] {
        // SAFETY: the library allocates the array and its strings with malloc; both are freed below.
        var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe sd_listen_fds_with_names(1, &list)
        defer { unsafe free(list) }
        guard count > 0 else { return [] }
        var sockets: [InheritedSocket] = []
        for index in 0..<Int(count) {
            var name = "unknown"
            if let text = unsafe list?[index] {
                unsafe name = String(cString: text)
                unsafe free(text)
            }
            // SD_LISTEN_FDS_START: 3.
            if let socket = Self.adopt(FileDescriptor(owning: 3 + Int32(index)), name) { sockets.append(socket) }
        }
        return sockets
    }

    private static func adopt(_ descriptor: consuming FileDescriptor, _ name: String) -> InheritedSocket? {
        guard let domain = option(descriptor.number, SO_DOMAIN) else { return nil }
        let family: InheritedSocket.Family =
            switch domain {
            case AF_INET: .ipv4
            case AF_INET6: .ipv6
            case AF_UNIX: .unix
            case AF_NETLINK: .netlink
            default: .other(domain)
            }
        let listening = option(descriptor.number, SO_ACCEPTCONN) == 1
        return InheritedSocket(name: name, family: family, isListening: listening, descriptor)
    }

    private static func option(_ number: Int32, _ option: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        // SAFETY: value and its size outlive the call, which fills at most `size` bytes.
        return unsafe getsockopt(number, SOL_SOCKET, option, &value, &size) == 0 ? value : nil
    }
}
