import CZlib

/// gzip (RFC 1952) through zlib, without name and time, so that equal input gives equal output.
enum Gzip {
    /// zlib's default: most of the gain at a third of the cost of 9.
    static let level: Int32 = 6
    /// 15 bits of window, +16 for the gzip wrapper (zlib.h, deflateInit2).
    private static let windowBits: Int32 = 15 + 16

    /// The bytes compressed; `nil` when zlib has no memory.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = unsafe z_stream()
        let size = Int32(unsafe MemoryLayout<z_stream>.size)
        let opened = unsafe deflateInit2_(
            &stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
        guard opened == Z_OK else { return nil }
        defer { _ = unsafe deflateEnd(&stream) }
        guard let total = UInt32(exactly: bytes.count) else { return nil }
        var output = [UInt8](repeating: 0, count: Int(unsafe deflateBound(&stream, UInt(total))))
        var input = bytes
        // SAFETY: both pointers live for the closures, the lengths are those of the arrays, and one call with
        // Z_FINISH into deflateBound bytes reads and writes no further than these (zlib.h, deflateBound).
        let status = unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.next_in = source.baseAddress
                unsafe stream.avail_in = total
                unsafe stream.next_out = target.baseAddress
                unsafe stream.avail_out = UInt32(clamping: target.count)
                return unsafe deflate(&stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END else { return nil }
        output.removeLast(output.count - Int(unsafe stream.total_out))
        return output
    }
}
