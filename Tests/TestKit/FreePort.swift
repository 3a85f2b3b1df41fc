import Glibc

/// A TCP port of the loopback for servers that cannot choose one themselves and say which.
public enum FreePort {
    /// A port that was free a moment ago.
    public static func take() throws -> Int {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(number) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // SAFETY: the address begins with its family as every sockaddr does, and outlives both calls.
        let failed = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(number, $0, length) != 0 || getsockname(number, $0, &length) != 0
            }
        }
        if failed { throw CommandFailure(description: "no port is free") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
