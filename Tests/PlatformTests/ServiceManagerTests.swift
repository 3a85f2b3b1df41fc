import Foundation
import Testing

@testable import Platform

/// Notifications against a real datagram socket, inherited sockets against real descriptors. Each in a process of its
/// own, because the protocol is in the environment.
struct ServiceManagerTests {
    @Test func notifications() async {
        await #expect(processExitsWith: .success) {
            let receiver = DatagramReceiver(name: "hearth-notify-\(getpid())")
            _ = unsafe setenv("NOTIFY_SOCKET", "@" + receiver.name, 1)
            let manager = ServiceManager()
            if !manager.isPresent { exit(10) }
            manager.ready(status: "fine\nFDSTORE=1")
            if receiver.next() != "READY=1\nSTATUS=fine FDSTORE=1" { exit(11) }
            let before = SystemTime().monotonic() / 1000
            manager.reloading()
            let reloading = receiver.next().split(separator: "\n")
            if reloading.first != "RELOADING=1" { exit(12) }
            guard let time = reloading.last?.split(separator: "=").last.flatMap({ UInt64($0) }), time >= before,
                time <= SystemTime().monotonic() / 1000
            else { exit(13) }
            manager.status("42 targets")
            if receiver.next() != "STATUS=42 targets" { exit(14) }
            manager.keepAlive()
            if receiver.next() != "WATCHDOG=1" { exit(15) }
            manager.stopping()
            if receiver.next() != "STOPPING=1" { exit(16) }
            exit(0)
        }
    }

    @Test func watchdog() async {
        await #expect(processExitsWith: .success) {
            if ServiceManager().watchdogInterval != nil { exit(10) }
            _ = unsafe setenv("WATCHDOG_USEC", "2500000", 1)
            _ = unsafe setenv("WATCHDOG_PID", "\(getpid())", 1)
            if ServiceManager().watchdogInterval != .milliseconds(2500) { exit(11) }
            _ = unsafe setenv("WATCHDOG_PID", "1", 1)
            if ServiceManager().watchdogInterval != nil { exit(12) }
            exit(0)
        }
    }

    /// Without a manager nothing happens and nothing fails.
    @Test func alone() async {
        await #expect(processExitsWith: .success) {
            _ = unsafe unsetenv("NOTIFY_SOCKET")
            let manager = ServiceManager()
            if manager.isPresent { exit(10) }
            manager.ready(status: "x")
            if !manager.takeSockets().isEmpty { exit(11) }
            exit(0)
        }
    }

    @Test func inheritedSockets() async {
        await #expect(processExitsWith: .success) {
            // 3…6 as systemd would leave them: a listening unix socket, one on TCP, netlink, and a plain file.
            let unix = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = DatagramReceiver.abstract("hearth-listen-\(getpid())")
            let size = address.1
            let bound = unsafe withUnsafePointer(to: &address.0) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(unix, $0, size) }
            }
            let tcp = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard bound == 0, listen(unix, 5) == 0, listen(tcp, 5) == 0 else { exit(10) }
            let netlink = socket(AF_NETLINK, Int32(SOCK_DGRAM.rawValue), 4)
            let file = unsafe open("/dev/null", O_RDONLY)
            let high = [unix, tcp, netlink, file].map { fcntl($0, F_DUPFD, 100) }
            for (index, number) in high.enumerated() { dup2(number, 3 + Int32(index)) }
            _ = unsafe setenv("LISTEN_PID", "\(getpid())", 1)
            _ = unsafe setenv("LISTEN_FDS", "4", 1)
            _ = unsafe setenv("LISTEN_FDNAMES", "api:metrics:diag:odd", 1)
            let manager = ServiceManager()
            let sockets = manager.takeSockets()
            if sockets.map(\.name) != ["api", "metrics", "diag"] { exit(11) }
            if sockets.map(\.family) != [.unix, .ipv4, .netlink] { exit(12) }
            if sockets.map(\.isListening) != [true, true, false] { exit(13) }
            guard let taken = sockets[0].take(), taken.number == 3, sockets[0].take() == nil else { exit(14) }
            if fcntl(3, F_GETFD) & FD_CLOEXEC == 0 { exit(15) }
            if fcntl(6, F_GETFD) != -1 { exit(16) }
            let left = unsafe getenv("LISTEN_FDS") != nil
            if !manager.takeSockets().isEmpty || left { exit(17) }
            exit(0)
        }
    }
}

/// A socket that stands for the manager's.
struct DatagramReceiver {
    let name: String
    private let number: Int32

    init(name: String) {
        self.name = name
        number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = Self.abstract(name)
        let (descriptor, size) = (number, address.1)
        let bound = unsafe withUnsafePointer(to: &address.0) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, size) }
        }
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        _ = unsafe setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        precondition(bound == 0)
    }

    /// The next message, empty after ten seconds without one.
    func next() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let got = unsafe recv(number, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, got)), as: UTF8.self)
    }

    /// The address of a name in the abstract namespace.
    static func abstract(_ name: String) -> (sockaddr_un, socklen_t) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.dropFirst().copyBytes(from: name.utf8) }
        return (address, socklen_t(MemoryLayout<sa_family_t>.size + 1 + name.utf8.count))
    }
}
