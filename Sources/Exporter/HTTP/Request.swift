/// An HTTP request as the routes see it: no socket, no buffer.
struct Request: Sendable {
    var method: String
    /// Decoded, without the query.
    var path: String
    /// As it came, without the question mark.
    var query: String
    /// Names in lower case.
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    var origin: Origin

    /// Where the request came in.
    struct Origin: Sendable {
        /// IP address of our end of the connection, `nil` for unix sockets.
        var localAddress: String?
        /// What may be asked for there.
        var scope: Listener.Scope
    }

    /// The first value of a header, by its name in lower case.
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// An HTTP response as the routes make it.
struct Response: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    /// A HEAD for a body that is not there yet states no length.
    var statesLength = true

    init(_ status: Int, _ contentType: String, _ body: [UInt8]) {
        self.status = status
        self.body = body
        headers = [("Content-Type", contentType), ("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store")]
    }

    static func text(_ status: Int, _ text: String) -> Response {
        Response(status, "text/plain; charset=utf-8", Array(text.utf8))
    }

    static func moved(to path: String) -> Response {
        var response = Response.text(301, "see \(path)\n")
        response.headers.append(("Location", path))
        return response
    }

    static func json(_ status: Int = 200, _ write: (inout JSONWriter) -> Void) -> Response {
        var json = JSONWriter()
        json.object(nil, write)
        return Response(status, "application/json", json.bytes + [UInt8(ascii: "\n")])
    }

    mutating func add(_ name: String, _ value: String) { headers.append((name, value)) }
}

/// Why a request is refused, in words for the person who made it.
struct Refusal: Error, Sendable {
    var status: Int
    var message: String
    /// What to do about it.
    var hint: String
    var headers: [(name: String, value: String)] = []

    init(_ status: Int, _ message: String, hint: String, headers: [(name: String, value: String)] = []) {
        self.status = status
        self.message = message
        self.hint = hint
        self.headers = headers
    }

    /// JSON, or below `/debug/pprof/` the text that `go tool pprof` prints.
    func response(forPath path: String) -> Response {
        var response: Response
        if path.hasPrefix("/debug/pprof") {
            response = .text(status, "\(message)\n\(hint)\n")
            response.add("X-Go-Pprof", "1")
        } else {
            response = .json(status) {
                $0.field("error", message)
                $0.field("hint", hint)
            }
        }
        response.headers += headers
        return response
    }
}

/// What a route has to say.
enum Answer: Sendable {
    case now(Response)
    /// Too much work for the thread that serves sockets.
    case work(@Sendable () -> Response)
    /// To be worked out when the recording has ended.
    case recording(Recording, @Sendable () -> Response)
}
