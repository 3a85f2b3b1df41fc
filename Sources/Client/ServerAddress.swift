/// Where the daemon answers: `http://HOST:PORT`, `https://…`, `unix:/PATH`, or `HOST:PORT`.
enum ServerAddress: Hashable, CustomStringConvertible {
    /// Without a slash at the end.
    case url(String)
    case unix(path: String)

    /// The socket of the packaged service.
    static let defaultSocket = "/run/hearth/hearth.sock"
    /// The daemon's default on TCP.
    static let defaultURL = "http://127.0.0.1:9797"

    /// Parses what a person wrote; `nil` when it is none of the forms.
    init?(_ text: String) {
        if text.hasPrefix("unix:") {
            var path = text.dropFirst(5)
            if path.hasPrefix("///") { path = path.dropFirst(2) }
            guard path.hasPrefix("/"), path.utf8.count <= 107 else { return nil }
            self = .unix(path: String(path))
            return
        }
        var url = text.contains("://") ? text : "http://" + text
        while url.hasSuffix("/") { url.removeLast() }
        let isHTTP = url.hasPrefix("http://") || url.hasPrefix("https://")
        let isPlain = url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        let host = url.drop { $0 != ":" }.dropFirst(3)
        guard isHTTP, isPlain, !host.isEmpty, !host.hasPrefix(":"), !url.contains("?"), !url.contains("#") else {
            return nil
        }
        self = .url(url)
    }

    var description: String {
        switch self {
        case .url(let url): url
        case .unix(let path): "unix:\(path)"
        }
    }

    /// What is in front of the path of a request.
    var base: String {
        switch self {
        case .url(let url): url
        case .unix: "http://localhost"
        }
    }

    /// Whether requests stay on this machine, past any proxy.
    var isLocal: Bool {
        switch self {
        case .unix: true
        case .url(let url): ["127.", "localhost", "[::1]"].contains { url.dropFirst(7).hasPrefix($0) }
        }
    }
}
