import Glibc

/// An error number of the system, as a typed error.
public struct Errno: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number, as in errno(3).
    public var code: Int32
    /// An error by its number.
    public init(_ code: Int32) { self.code = code }

    /// The error of the call that failed last on this thread; read it before anything else can run.
    public static var last: Errno { Errno(errno) }

    /// `message (errno N)` as strerror gives it.
    public var description: String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard copyMessage(code, into: &buffer) else { return "error \(code)" }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(text) (errno \(code))"
    }

    private func copyMessage(_ code: Int32, into buffer: inout [CChar]) -> Bool {
        // SAFETY: the text is copied at once, and never beyond its end or the buffer's.
        guard let text = unsafe strerror(code) else { return false }
        let length = unsafe min(strlen(text), buffer.count - 1)
        for index in 0..<length { buffer[index] = unsafe text[index] }
        return true
    }
}

/// Repeats a call that was interrupted and turns −1 into an error.
@inline(__always)
public func retrying<Value: SignedInteger>(_ call: () -> Value) throws(Errno) -> Value {
    while true {
        let value = call()
        if value != -1 { return value }
        let error = Errno.last
        if error.code != EINTR { throw error }
    }
}
