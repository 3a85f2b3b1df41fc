/// Whether the `Host` of a request is ours. A page of another site whose name was made to point at this machine sends
/// its own name, so that names which are not ours are refused (DNS rebinding).
struct HostCheck: Sendable {
    private let names: Set<String>

    /// - Parameter names: names of this machine beside the loopback's, without ports.
    init(names: [String]) { self.names = Set(names.map { $0.lowercased() }) }

    /// - Parameter localAddress: our end of the connection; `nil` for a unix socket, which no browser reaches.
    func allows(_ host: String?, localAddress: String?) -> Bool {
        guard let localAddress else { return true }
        // Only HTTP/1.0 comes without Host; the decoder refuses 1.1 without it, and browsers always send it.
        guard let host else { return true }
        let name = Self.withoutPort(host).lowercased()
        return isLoopback(name) || name == localAddress.lowercased() || names.contains(name)
    }

    private func isLoopback(_ name: String) -> Bool {
        if name == "localhost" || name.hasSuffix(".localhost") || name == "::1" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func withoutPort(_ host: String) -> String {
        if host.hasPrefix("[") {
            return String(host.dropFirst().prefix { $0 != "]" })
        }
        guard let colon = host.lastIndex(of: ":"), host[host.index(after: colon)...].allSatisfy(\.isNumber) else {
            return host
        }
        return String(host[..<colon])
    }
}
