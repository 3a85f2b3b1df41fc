import CSandbox
import Glibc
import Platform

/// A file without a name for what is too large to hold in memory. The kernel may write its pages out.
final class ScratchFile {
    /// Bytes that it may have.
    static let limit: UInt64 = 256 << 20

    private let descriptor: FileDescriptor
    /// Where the next bytes go.
    private(set) var end: UInt64 = 0
    /// Changes when everything in it was given up.
    private(set) var generation = 0

    /// Takes over an empty file, open for reading and writing.
    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// A new one in a folder for temporary files, else in memory.
    static func make() throws(Errno) -> ScratchFile {
        for folder in ["/var/tmp", "/tmp"] {
            if let opened = try? FileDescriptor.open(folder, hearth_open_temporary | O_RDWR) {
                return ScratchFile(opened)
            }
        }
        return ScratchFile(try memoryFile([]))
    }

    var number: Int32 { descriptor.number }

    /// Gives up everything that was written if `size` more bytes would not fit, and the file if they never will.
    func makeRoom(for size: UInt64) -> Bool {
        guard size <= ScratchFile.limit else { return false }
        if end + size > ScratchFile.limit { clear() }
        return true
    }

    /// Gives up what was written after `place`.
    func cut(to place: UInt64) { end = min(end, place) }

    private func clear() {
        end = 0
        generation += 1
    }

    /// Writes all bytes at the end; false if the disk is full or the file has its size.
    func append(_ bytes: [UInt8]) -> Bool {
        guard end + UInt64(bytes.count) <= ScratchFile.limit else { return false }
        var done = 0
        while done < bytes.count {
            let wrote = unsafe bytes.withUnsafeBytes { buffer in
                // SAFETY: the pointer and the count stay inside of the array.
                try? retrying { [done, end] in
                    unsafe pwrite(
                        number, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done,
                        off_t(clamping: end + UInt64(done)))
                }
            }
            guard let wrote, wrote > 0 else { return false }
            done += wrote
        }
        end += UInt64(bytes.count)
        return true
    }

    /// Reads what stands at a place; fewer bytes than asked for only behind the end.
    func read(at place: UInt64, into bytes: inout [UInt8]) -> Int {
        unsafe bytes.withUnsafeMutableBytes { buffer in
            // SAFETY: the buffer is the array's and is used during the call only.
            (try? unsafe descriptor.read(at: place, into: buffer)) ?? 0
        }
    }
}
