import Glibc
public import Platform

/// Where the bytes of an image come from.
///
/// A file is read with `pread` and never mapped: a target may cut its file at any time, and reading a mapping beyond
/// the new end would kill the daemon with SIGBUS.
public enum ByteSource: ~Copyable {
    case file(FileDescriptor)
    case memory([UInt8])

    /// Copies bytes from an offset; returns how many there were, fewer at the end. An unreadable file has no bytes.
    borrowing func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        switch self {
        case .file(let file):
            guard offset <= UInt64(Int64.max) - UInt64(buffer.count) else { return 0 }
            return unsafe (try? file.read(at: offset, into: buffer)) ?? 0
        case .memory(let bytes):
            guard offset < UInt64(bytes.count) else { return 0 }
            let count = min(bytes.count - Int(offset), buffer.count)
            unsafe bytes.withUnsafeBytes { whole in
                // SAFETY: offset + count lies inside the array, count inside the buffer.
                unsafe buffer.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: whole[Int(offset)..<Int(offset) + count]))
            }
            return count
        }
    }

    /// Size in bytes; of a file as it is now, 0 if it has none. By lseek, which a sandbox can allow without allowing
    /// the status of any path; all reading is done with offsets, so the position does not matter.
    borrowing func size() -> UInt64 {
        switch self {
        case .file(let file): UInt64(clamping: lseek(file.number, 0, SEEK_END))
        case .memory(let bytes): UInt64(bytes.count)
        }
    }

    /// The number of the open file, for lending it to another process.
    borrowing func descriptorNumber() -> Int32? {
        switch self {
        case .file(let file): file.number
        case .memory: nil
        }
    }
}
