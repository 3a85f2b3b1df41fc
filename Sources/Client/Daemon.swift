import Glibc

/// The daemon as a command sees it: a question, an answer or a reason.
struct Daemon {
    /// In the order in which they are tried.
    let addresses: [ServerAddress]

    /// - Parameter server: what `--server` or the environment says; `nil`: the packaged socket if it is there, then TCP.
    init(server: String?) throws(Failure) {
        if let server {
            guard let address = ServerAddress(server) else {
                throw Failure(
                    .usage, "'\(server)' is no address of a daemon",
                    hint: "http://HOST:PORT or unix:/PATH (at most 107 bytes)")
            }
            addresses = [address]
            return
        }
        var defaults: [ServerAddress] = []
        // SAFETY: the path is a constant string.
        if unsafe access(ServerAddress.defaultSocket, F_OK) == 0 {
            defaults.append(.unix(path: ServerAddress.defaultSocket))
        }
        addresses = defaults + [.url(ServerAddress.defaultURL)]
    }

    /// The answer of the first address that listens, whatever its status.
    func ask(_ request: HTTPRequest) throws(Failure) -> HTTPAnswer {
        var reasons: [String] = []
        for address in addresses {
            do throws(CurlClient.NoAnswer) {
                return try CurlClient.get(request, from: address)
            } catch {
                reasons.append(error.message)
                if !error.notListening { break }
            }
        }
        throw Failure(
            .unreachable, "cannot reach hearthd: " + reasons.joined(separator: "; "),
            hint: "is it running? systemctl status hearthd; another address: --server URL or HEARTH_SERVER")
    }

    /// The body of a good answer; anything else becomes a failure with the daemon's own words.
    func fetch(_ request: HTTPRequest) throws(Failure) -> [UInt8] {
        let answer = try ask(request)
        if answer.status == 200 { return answer.body }
        let json = JSONValue(parsing: answer.body)
        let text = String(decoding: answer.body.prefix(200), as: UTF8.self)
        let said = json?["error"]?.text ?? (text.isEmpty ? "no reason given" : text)
        throw Failure(
            Self.status(answer.status), "hearthd: " + Terminal.plain(said) + " (\(answer.status))",
            hint: Terminal.plain(json?["hint"]?.text ?? ""))
    }

    /// The value of a good JSON answer.
    func fetchJSON(_ request: HTTPRequest) throws(Failure) -> (value: JSONValue, bytes: [UInt8]) {
        let bytes = try fetch(request)
        guard let value = JSONValue(parsing: bytes) else {
            throw Failure(.failed, "hearthd answered \(request.path) with something else than JSON")
        }
        return (value, bytes)
    }

    /// What a status of HTTP means for a script.
    static func status(_ code: Int) -> ExitStatus {
        switch code {
        case 400: .usage
        case 401, 403: .unreachable
        case 404: .answerIsNo
        case 503: .undecided
        default: .failed
        }
    }
}
