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

    /// The bytes of a gzip or zlib stream, of all its members; `nil` for damaged data or no memory.
    ///
    /// - Parameter limit: no more than this is decompressed, whatever the stream says.
    static func decompress(_ bytes: [UInt8], limit: Int) throws(PprofError) -> [UInt8]? {
        guard UInt32(exactly: bytes.count) != nil else { throw .tooLarge("more than 4 GiB") }
        var output: [UInt8] = []
        var consumed = 0
        while consumed < bytes.count {
            guard let length = try appendMember(of: bytes, from: consumed, to: &output, limit: limit) else {
                return nil
            }
            consumed += length
        }
        return output
    }

    /// Decompresses one member; its compressed length.
    private static func appendMember(
        of bytes: [UInt8], from start: Int, to output: inout [UInt8], limit: Int
    ) throws(PprofError) -> Int? {
        var stream = unsafe z_stream()
        let size = Int32(unsafe MemoryLayout<z_stream>.size)
        // +32: the header says whether it is gzip or zlib (zlib.h, inflateInit2).
        guard unsafe inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, size) == Z_OK else { return nil }
        defer { _ = unsafe inflateEnd(&stream) }
        var input = Array(bytes[start...])
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        var status = Z_OK
        while status == Z_OK {
            let done = Int(unsafe stream.total_in)
            // SAFETY: both pointers live for the closures, and the lengths are those of the arrays from the place that
            // was reached, so that zlib reads and writes no further.
            status = unsafe input.withUnsafeMutableBufferPointer { source in
                unsafe chunk.withUnsafeMutableBufferPointer { target in
                    unsafe stream.next_in = source.baseAddress.map { unsafe $0 + done }
                    unsafe stream.avail_in = UInt32(clamping: source.count - done)
                    unsafe stream.next_out = target.baseAddress
                    unsafe stream.avail_out = UInt32(clamping: target.count)
                    return unsafe inflate(&stream, Z_NO_FLUSH)
                }
            }
            let produced = chunk.count - Int(unsafe stream.avail_out)
            guard output.count + produced <= limit else { throw .tooLarge("more than \(limit >> 20) MiB decompressed") }
            output.append(contentsOf: chunk[..<produced])
        }
        return status == Z_STREAM_END ? Int(unsafe stream.total_in) : nil
    }
}
