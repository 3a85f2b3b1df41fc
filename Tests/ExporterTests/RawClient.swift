import Glibc
import Platform

/// An answer, taken apart by hand so that a mistake of a library cannot hide one of the server.
struct RawResponse {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    subscript(_ name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }
    var text: String { String(decoding: body, as: UTF8.self) }
}

struct ClientError: Error, CustomStringConvertible {
    var description: String
}

/// A socket that sends exactly what it is told to.
final class RawClient {
    private let descriptor: FileDescriptor
    private var received: [UInt8] = []

    /// - Parameter receiveBuffer: bytes that the system may take for us before we read; its own choice if `nil`.
    init(port: Int, receiveBuffer: Int32? = nil) throws {
        descriptor = FileDescriptor(owning: try retrying { socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) })
        if var size = receiveBuffer {
            _ = unsafe setsockopt(descriptor.number, SOL_SOCKET, SO_RCVBUF, &size, 4)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        try connect(&address)
    }

    init(path: String) throws {
        descriptor = FileDescriptor(owning: try retrying { socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0) })
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
        try connect(&address)
    }

    private func connect<Address>(_ address: inout Address) throws {
        let number = descriptor.number
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        _ = unsafe setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        _ = try retrying {
            // SAFETY: the address begins with its family as every sockaddr does; the size is its own.
            unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.connect(number, $0, socklen_t(MemoryLayout<Address>.size))
                }
            }
        }
    }

    static func request(_ method: String, _ target: String, headers: [String] = [], body: String = "") -> String {
        var lines = ["\(method) \(target) HTTP/1.1"]
        if !headers.contains(where: { $0.lowercased().hasPrefix("host:") }) { lines.append("Host: localhost") }
        lines += headers
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    func send(_ text: String) throws {
        var rest = Array(text.utf8)
        while !rest.isEmpty {
            let count = try retrying { unsafe Glibc.send(descriptor.number, rest, rest.count, Int32(MSG_NOSIGNAL)) }
            rest.removeFirst(count)
        }
    }

    /// The next answer on the connection.
    func response(to method: String = "GET") throws -> RawResponse {
        let end: [UInt8] = [13, 10, 13, 10]
        var headEnd = firstIndex(of: end)
        while headEnd == nil {
            guard try receive() else { throw ClientError(description: "closed before an answer") }
            headEnd = firstIndex(of: end)
        }
        let head = String(decoding: received[..<(headEnd ?? 0)], as: UTF8.self)
        received.removeFirst((headEnd ?? 0) + 4)
        var lines = head.split(separator: "\r\n").map(String.init)
        let status = Int(lines.removeFirst().split(separator: " ")[1]) ?? 0
        let headers = lines.map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (name: parts[0].lowercased(), value: String(parts[1].drop { $0 == " " }))
        }
        var response = RawResponse(status: status, headers: headers, body: [])
        if method != "HEAD", status != 100 {
            response.body = try body(length: response["content-length"].flatMap { Int($0) })
        }
        return response
    }

    /// Whether the server has closed, having sent nothing more.
    func isClosed() throws -> Bool {
        if !received.isEmpty { return false }
        return try !receive()
    }

    private func body(length: Int?) throws -> [UInt8] {
        guard let length else { throw ClientError(description: "no Content-Length") }
        while received.count < length {
            guard try receive() else { throw ClientError(description: "closed within a body") }
        }
        defer { received.removeFirst(length) }
        return Array(received[..<length])
    }

    private func receive() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(&buffer)
        if count < 0, Errno.last.code == ECONNRESET { return false }
        guard count >= 0 else { throw ClientError(description: "no answer within 20 s") }
        received += buffer[..<count]
        return count > 0
    }

    private func recv(_ buffer: inout [UInt8]) -> Int { unsafe Glibc.recv(descriptor.number, &buffer, buffer.count, 0) }

    private func firstIndex(of pattern: [UInt8]) -> Int? {
        guard received.count >= pattern.count else { return nil }
        return (0...(received.count - pattern.count)).first {
            received[$0..<($0 + pattern.count)].elementsEqual(pattern)
        }
    }
}
