import Glibc
import Platform

/// Numbers of errors that listening may meet.
enum ErrorNumber {
    static let addressInUse = EADDRINUSE
    static let accessDenied = EACCES
    static let notPermitted = EPERM
}

/// Finds who listens on a TCP port, for the error message about a port in use.
enum PortHolder {
    /// Processes looked at before giving up.
    private static let processLimit = 10_000
    private static let descriptorLimit = 4_096

    /// `hearthd (pid 1234)`; `nil` when it cannot be seen from here.
    static func find(port: Int) -> String? {
        let inodes = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { Self.inodes(listeningOn: port, table: $0) }
        guard !inodes.isEmpty else { return nil }
        let links = Set(inodes.map { "socket:[\($0)]" })
        for pid in entries("/proc", limit: processLimit) where Int32(pid) != nil {
            let folder = "/proc/\(pid)/fd"
            for number in entries(folder, limit: descriptorLimit) {
                guard let link = target("\(folder)/\(number)"), links.contains(link) else { continue }
                return name(of: pid)
            }
        }
        return nil
    }

    /// The process that listens on the unix socket to which a socket is connected: unix(7), SO_PEERCRED fills a
    /// `struct ucred`, three 32-bit numbers of which the first is the pid.
    static func find(behind socket: Int32) -> String? {
        var peer: [Int32] = [0, 0, 0]
        var size = socklen_t(peer.count * MemoryLayout<Int32>.size)
        guard unsafe getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0, peer[0] > 0 else { return nil }
        return name(of: "\(peer[0])")
    }

    private static func name(of pid: String) -> String { "\(comm(pid)) (pid \(pid))" }

    /// Fields of /proc/net/tcp: 1 is `address:port` in hexadecimal, 3 the state (0A: listening), 9 the inode
    /// (net/ipv4/tcp_ipv4.c, get_tcp4_sock).
    private static func inodes(listeningOn port: Int, table: String) -> [Substring] {
        let suffix = ":" + String(port + 0x10000, radix: 16, uppercase: true).dropFirst()
        return text(table).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[1].hasSuffix(suffix), fields[3] == "0A" else { return nil }
            return fields[9]
        }
    }

    private static func comm(_ pid: String) -> String {
        let name = text("/proc/\(pid)/comm").prefix { $0 != "\n" }
        return name.isEmpty ? "a process" : Shown.text(String(name))
    }

    private static func text(_ path: String) -> String {
        guard let file = try? FileDescriptor.open(path), let bytes = try? file.readAll(limit: 4 << 20) else {
            return ""
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func target(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 64)
        // SAFETY: readlink writes at most the stated count into the array that is lent for the call.
        let length = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            return unsafe readlink(path, base.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        return length > 0 ? String(decoding: buffer.prefix(length), as: UTF8.self) : nil
    }

    private static func entries(_ path: String, limit: Int) -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        // SAFETY: the entry stays valid until the next call on the same stream; d_name ends with a zero.
        while names.count < limit, let entry = unsafe readdir(folder) {
            names.append(
                unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names
    }
}
