/// An address to serve.
public struct Listener: Hashable, Sendable {
    /// What may be asked for at an address.
    public enum Scope: Hashable, Sendable {
        case everything
        /// `/metrics`, `/healthz` and `/readyz`: nothing that shows what the programs of users do.
        case metrics
    }

    /// Where.
    public enum Endpoint: Hashable, Sendable {
        /// Port 0 takes a free one; see ``ExporterServer/boundAddresses``.
        case tcp(host: String, port: Int)
        case unix(path: String)
        /// A bound socket that somebody else made and now belongs to the server: one of systemd's.
        case descriptor(Int32)
    }

    /// Where.
    public var endpoint: Endpoint
    /// What may be asked for there.
    public var scope: Scope

    /// Everything is served unless told otherwise.
    public init(_ endpoint: Endpoint, scope: Scope = .everything) {
        self.endpoint = endpoint
        self.scope = scope
    }
}

extension Listener.Endpoint: CustomStringConvertible {
    /// Parses `HOST:PORT`, `[IPv6]:PORT` or `unix:PATH`; `nil` for anything else.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            // sockaddr_un holds 108 bytes with the terminating zero (linux/un.h).
            guard path.hasPrefix("/"), path.utf8.count < 108, !path.utf8.contains(0) else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self = .tcp(host: String(host), port: Int(port))
    }

    /// As ``init(_:)`` reads it.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        case .descriptor(let number): "descriptor \(number)"
        }
    }
}

/// Why an address cannot be served.
public enum ListenError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Somebody listens there already; `holder` is a process, if one could be found.
    case inUse(address: String, holder: String?)
    case notPermitted(address: String)
    /// A file that is no socket lies at the path.
    case notASocket(path: String)
    case failed(address: String, reason: String)

    /// A sentence with what to do.
    public var description: String {
        switch self {
        case .inUse(let address, let holder):
            "cannot listen on \(address): it is in use by \(holder ?? "another process (see ss -ltnp)"); "
                + "is another hearthd running? Choose another address with --listen"
        case .notPermitted(let address):
            "cannot listen on \(address): not permitted; choose a port above 1023 or a folder that is writable"
        case .notASocket(let path):
            "cannot listen on unix:\(path): there is a file that is no socket; it is left alone"
        case .failed(let address, let reason):
            "cannot listen on \(address): \(reason)"
        }
    }
}
