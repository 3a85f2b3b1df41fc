import Binary
import CLzma

/// `.gnu_debugdata`: a small ELF file with a symbol table, xz inside of the stripped one.
enum MiniDebugInfo {
    /// Bytes of the section that are looked at, bytes that may come out, memory of the decoder.
    private static let maximumInput: UInt64 = 32 << 20
    private static let maximumOutput = 64 << 20
    private static let maximumMemory: UInt64 = 128 << 20

    /// The image inside; `nil` if there is none or it is damaged.
    static func image(in file: ElfImage) -> ElfImage? {
        guard let section = file.section(named: ".gnu_debugdata"), section.size > 0, section.size <= maximumInput,
            let packed = file.bytes(atFileOffset: section.fileOffset, count: Int(section.size)),
            let bytes = unpack(packed)
        else { return nil }
        return try? ElfImage(bytes: bytes)
    }

    /// Decodes an xz stream; `nil` if it is damaged or larger than the limits.
    static func unpack(_ packed: [UInt8]) -> [UInt8]? {
        var stream = unsafe lzma_stream()
        guard unsafe lzma_stream_decoder(&stream, maximumMemory, 0) == LZMA_OK else { return nil }
        defer { unsafe lzma_end(&stream) }
        return unsafe packed.withUnsafeBufferPointer { input in
            // SAFETY: the stream reads the array, which outlives it; each turn gives it the whole of `piece` to write.
            unsafe stream.next_in = input.baseAddress
            unsafe stream.avail_in = input.count
            return unsafe drain(&stream)
        }
    }

    private static func drain(_ stream: inout lzma_stream) -> [UInt8]? {
        var result: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let capacity = piece.count
            // SAFETY: the stream writes at most avail_out bytes at next_out, both of the buffer lent here.
            let status = unsafe piece.withUnsafeMutableBufferPointer { output in
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = capacity
                return unsafe lzma_code(&stream, LZMA_FINISH)
            }
            result.append(contentsOf: unsafe piece[0..<(capacity - stream.avail_out)])
            if status == LZMA_STREAM_END { return result }
            guard status == LZMA_OK, result.count <= maximumOutput else { return nil }
        }
    }

    /// CRC-32 of a whole file, as `.gnu_debuglink` states it.
    static func checksum(of file: ElfImage) -> UInt32 {
        var sum: UInt32 = 0
        var offset: UInt64 = 0
        var piece = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let got = file.read(fileOffset: offset, into: &piece)
            // SAFETY: got ≤ the size of the array.
            sum = unsafe lzma_crc32(piece, got, sum)
            offset += UInt64(got)
            if got < piece.count { return sum }
        }
    }
}
