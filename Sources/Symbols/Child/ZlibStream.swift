import Binary
import CZlib

/// Bytes of a file in pieces of bounded size, unpacked where they are a zlib stream (RFC 1950).
enum ZlibStream {
    private static let pieceSize = 64 << 10

    /// Calls `body` with one piece after the other until it returns false.
    /// - Returns: whether everything was read, the stream ended as it should and `body` always agreed.
    static func forEachPiece(
        of stored: Range<UInt64>, in image: ElfImage, isPacked: Bool, _ body: ([UInt8]) -> Bool
    ) -> Bool {
        guard isPacked else { return forEachStored(stored, image, body) }
        var stream = unsafe z_stream()
        let size = Int32(unsafe MemoryLayout<z_stream>.size)
        guard unsafe inflateInit_(&stream, ZLIB_VERSION, size) == Z_OK else { return false }
        defer { _ = unsafe inflateEnd(&stream) }
        var status = Z_OK
        _ = forEachStored(stored, image) { input in
            var input = input
            status = unsafe inflate(&input, &stream, body)
            return status == Z_OK
        }
        return status == Z_STREAM_END
    }

    private static func forEachStored(_ stored: Range<UInt64>, _ image: ElfImage, _ body: ([UInt8]) -> Bool) -> Bool {
        var place = stored.lowerBound
        var piece = [UInt8](repeating: 0, count: pieceSize)
        while place < stored.upperBound {
            let wanted = min(UInt64(pieceSize), stored.upperBound - place)
            if piece.count > Int(wanted) { piece.removeLast(piece.count - Int(wanted)) }
            guard image.read(fileOffset: place, into: &piece) == piece.count, body(piece) else { return false }
            place += wanted
        }
        return true
    }

    /// Unpacks one piece of input. Z_OK when more is needed, Z_STREAM_END at the end, else an error.
    private static func inflate(_ input: inout [UInt8], _ stream: inout z_stream, _ body: ([UInt8]) -> Bool) -> Int32 {
        var output = [UInt8](repeating: 0, count: pieceSize)
        return unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe stream.next_in = source.baseAddress
            unsafe stream.avail_in = UInt32(source.count)
            while true {
                // SAFETY: zlib reads avail_in bytes of the piece, which outlives the loop, and writes at most avail_out bytes
                // to the buffer lent here.
                let status = unsafe output.withUnsafeMutableBufferPointer { target in
                    unsafe stream.next_out = target.baseAddress
                    unsafe stream.avail_out = UInt32(target.count)
                    return unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
                }
                let made = unsafe output.count - Int(stream.avail_out)
                if made > 0, !body(Array(output[0..<made])) { return Z_BUF_ERROR }
                // Z_BUF_ERROR: all input is used up, which is no error (zlib.h, inflate).
                if status == Z_BUF_ERROR { return Z_OK }
                guard status == Z_OK else { return status }
                if unsafe stream.avail_in == 0, made < output.count { return Z_OK }
            }
        }
    }
}
