/// What one client may take.
public struct Limits: Hashable, Sendable {
    /// Bytes of a request's head.
    public var headBytes = 32 << 10
    /// Bytes of a request's body.
    public var bodyBytes = 1 << 20
    /// Open connections; the next one is told 503.
    public var connections = 256
    /// Recordings at a time; the next one is told 429.
    public var recordings = 16
    /// Milliseconds for which a connection may be silent between requests.
    public var idleMilliseconds: Int64 = 60_000
    /// Milliseconds from the first byte of a request to its last.
    public var requestMilliseconds: Int64 = 15_000
    /// Milliseconds for each 64 KiB of a response.
    public var writeMilliseconds: Int64 = 20_000

    /// The limits above.
    public init() {}
}
