import CCurl
import Glibc
import Model
import Platform

/// Requests over libcurl, one at a time.
enum CurlClient {
    /// More than this is no profile.
    static let maximumBody = 512 << 20

    /// A request that brought no answer.
    struct NoAnswer: Error {
        /// Whether nothing listens there, so that another address can be tried.
        var notListening: Bool
        var message: String
    }

    /// What the callbacks of one request share; used by the thread that waits for curl_easy_perform alone.
    private final class Exchange {
        var body: [UInt8] = []
        var tooLarge = false
        let start = SystemTime().monotonic()
        let whileWaiting: ((Int) -> Void)?
        init(_ whileWaiting: ((Int) -> Void)?) { self.whileWaiting = whileWaiting }
    }

    /// Sends a GET and waits for the whole answer.
    static func get(_ request: HTTPRequest, from server: ServerAddress) throws(NoAnswer) -> HTTPAnswer {
        // SAFETY: the handle is freed here; the exchange outlives it.
        guard let handle = unsafe curl_easy_init() else {
            throw NoAnswer(notListening: false, message: "libcurl could not start")
        }
        defer { unsafe curl_easy_cleanup(handle) }
        let exchange = Exchange(request.whileWaiting)
        unsafe configure(handle, request, server)
        let code = withExtendedLifetime(exchange) {
            let context = unsafe Unmanaged.passUnretained(exchange).toOpaque()
            unsafe hearth_curl_set_receive(handle, receive, context)
            unsafe hearth_curl_set_progress(handle, progress, context)
            return unsafe curl_easy_perform(handle)
        }
        if exchange.tooLarge { throw NoAnswer(notListening: false, message: "the answer is larger than 512 MiB") }
        guard code == CURLE_OK else {
            let number = unsafe Int32(truncatingIfNeeded: hearth_curl_get_long(handle, CURLINFO_OS_ERRNO))
            throw explain(code, number, server)
        }
        let status = unsafe hearth_curl_get_long(handle, CURLINFO_RESPONSE_CODE)
        return HTTPAnswer(status: status, body: exchange.body)
    }

    @unsafe private static func configure(
        _ handle: UnsafeMutableRawPointer, _ request: HTTPRequest, _ server: ServerAddress
    ) {
        // SAFETY: libcurl copies texts that it is given.
        unsafe hearth_curl_set_text(handle, CURLOPT_URL, server.base + request.target)
        if case .unix(let path) = server { unsafe hearth_curl_set_text(handle, CURLOPT_UNIX_SOCKET_PATH, path) }
        if server.isLocal { unsafe hearth_curl_set_text(handle, CURLOPT_NOPROXY, "*") }
        unsafe hearth_curl_set_text(handle, CURLOPT_USERAGENT, "hearth/\(HearthVersion.current)")
        unsafe hearth_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        unsafe hearth_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, 5000)
        unsafe hearth_curl_set_long(handle, CURLOPT_TIMEOUT, request.seconds)
    }

    private static let receive: hearth_curl_receive = { bytes, _, count, context in
        // SAFETY: libcurl lends `count` bytes for the call; the context is the exchange that `get` keeps alive.
        guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
        let exchange = unsafe Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
        if exchange.body.count + count > maximumBody {
            exchange.tooLarge = true
            return 0
        }
        unsafe exchange.body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return count
    }

    private static let progress: hearth_curl_progress = { context, _, _, _, _ in
        // SAFETY: the context is the exchange that `get` keeps alive.
        guard let context = unsafe context else { return 0 }
        let exchange = unsafe Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
        exchange.whileWaiting?(Int((SystemTime().monotonic() &- exchange.start) / 1_000_000))
        return 0
    }

    private static func explain(_ code: CURLcode, _ number: Int32, _ server: ServerAddress) -> NoAnswer {
        if code == CURLE_COULDNT_CONNECT, number == EACCES || number == EPERM {
            return NoAnswer(
                notListening: true,
                message: "\(server): not permitted; join its group: sudo usermod -aG hearth $USER, then log in again")
        }
        // SAFETY: the library returns a constant string.
        let reason = number != 0 ? "\(Errno(number))" : unsafe String(cString: curl_easy_strerror(code))
        let early = [CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST].contains(code)
        return NoAnswer(notListening: early, message: "\(server): \(reason)")
    }
}
