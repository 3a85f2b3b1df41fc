public import Glibc

/// The owner of an open file descriptor; closes it at its end.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The number, valid while the owner lives.
    public let number: Int32

    /// Takes over a descriptor.
    public init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Opens a path with O_CLOEXEC added.
    public static func open(
        _ path: String, _ flags: Int32 = O_RDONLY, mode: mode_t = 0o600
    ) throws(Errno) -> FileDescriptor {
        // SAFETY: the path is lent for the call.
        FileDescriptor(owning: try retrying { unsafe Glibc.open(path, flags | O_CLOEXEC, mode) })
    }

    /// A second descriptor of the same open file.
    public func duplicate() throws(Errno) -> FileDescriptor {
        FileDescriptor(owning: try retrying { fcntl(number, F_DUPFD_CLOEXEC, 0) })
    }

    /// Gives the descriptor away; the caller closes it.
    public consuming func release() -> Int32 {
        let number = self.number
        discard self
        return number
    }

    /// Reads at an offset; fewer bytes than asked for only at the end of the file.
    public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        var done = 0
        while done < buffer.count {
            let place = off_t(clamping: offset &+ UInt64(done))
            // SAFETY: the pointer and the count stay inside of the caller's buffer.
            let got = try retrying {
                unsafe pread(number, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done, place)
            }
            if got == 0 { break }
            done += got
        }
        return done
    }

    /// Status of the open file.
    public func status() throws(Errno) -> stat {
        var status = stat()
        _ = try retrying { unsafe fstat(number, &status) }
        return status
    }

    /// The whole content, at most `limit` bytes; files of /proc state no size, so this reads to the end.
    public func readAll(limit: Int = 16 << 20) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < limit {
            let wanted = min(chunk.count, limit - bytes.count)
            let got = try retrying { unsafe Glibc.read(number, &chunk, wanted) }
            if got == 0 { break }
            bytes.append(contentsOf: chunk[0..<got])
        }
        return bytes
    }
}
