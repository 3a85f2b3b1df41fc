import Configuration
import Exporter
import Glibc
import Logging
import Platform

/// Where to serve: the sockets that systemd passed, else the addresses of the configuration.
enum Listeners {
    static func all(_ settings: Configuration, manager: ServiceManager, logger: Logger) -> [Listener] {
        let passed = manager.takeSockets().filter(\.isListening)
        if !passed.isEmpty {
            return passed.compactMap { socket in
                guard let descriptor = socket.take() else { return nil }
                return Listener(.descriptor(descriptor.release()))
            }
        }
        return settings.listen.compactMap { address in
            switch address {
            case .tcp(let host, let port): return Listener(.tcp(host: host, port: port))
            case .unix(let path):
                guard hasFolder(path) else {
                    logger.notice("not listening: its folder does not exist", metadata: ["path": "\(path)"])
                    return nil
                }
                return Listener(.unix(path: path))
            }
        }
    }

    private static func hasFolder(_ path: String) -> Bool {
        guard let slash = path.lastIndex(of: "/") else { return false }
        return unsafe access(String(path[..<slash]), W_OK) == 0
    }
}

/// The soft limit of descriptors is kept low for programs that use select(2); this one does not.
enum OpenFileLimit {
    static func raise() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        // SAFETY: the struct outlives both calls.
        guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = min(limit.rlim_max, 1 << 16)
        _ = unsafe setrlimit(resource, &limit)
    }
}
