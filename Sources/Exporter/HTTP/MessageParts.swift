import NIOHTTP1

/// From the server's types to the routes'.
enum RequestParts {
    /// `nil` when the target is no path or HTTP/1.1 comes without exactly one Host.
    static func request(_ head: HTTPRequestHead, body: [UInt8], origin: Request.Origin) -> Request? {
        let hosts = head.headers[canonicalForm: "host"].count
        guard hosts == 1 || (hosts == 0 && head.version.minor == 0), head.uri.hasPrefix("/") else { return nil }
        guard let path = PercentEncoding.decode(Substring(path(head.uri)), plusIsSpace: false) else { return nil }
        let headers = head.headers.map { (name: $0.name.lowercased(), value: $0.value) }
        return Request(
            method: head.method.rawValue, path: path, query: query(head.uri), headers: headers, body: body,
            origin: origin)
    }

    /// The part before the question mark.
    static func path(_ uri: String) -> String { String(uri.prefix { $0 != "?" }) }

    private static func query(_ uri: String) -> String {
        guard let mark = uri.firstIndex(of: "?") else { return "" }
        return String(uri[uri.index(after: mark)...])
    }
}

/// From the routes' types to the server's.
enum ResponseParts {
    static func head(
        _ response: Response, to request: HTTPRequestHead, keepsAlive: Bool, now: Int64
    ) -> HTTPResponseHead {
        var headers = HTTPHeaders()
        for (name, value) in response.headers { headers.add(name: name, value: value) }
        if response.statesLength { headers.add(name: "Content-Length", value: String(response.body.count)) }
        headers.add(name: "Date", value: Timestamp.httpDate(now))
        headers.add(name: "Server", value: "hearth")
        if !keepsAlive {
            headers.add(name: "Connection", value: "close")
        } else if request.version.minor == 0 {
            headers.add(name: "Connection", value: "keep-alive")
        }
        let status = HTTPResponseStatus(statusCode: response.status)
        return HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    }
}
