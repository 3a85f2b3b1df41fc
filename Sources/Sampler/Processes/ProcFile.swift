import Glibc
import Platform

/// Reading of files below /proc. Their sizes are unknown and their processes may be gone at any moment.
enum ProcFile {
    /// The whole file, at most 16 MiB.
    static func read(_ path: String, limit: Int = 16 << 20) throws(Errno) -> [UInt8] {
        try FileDescriptor.open(path).readAll(limit: limit)
    }

    /// The target of a symbolic link.
    static func link(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        // SAFETY: readlink fills at most the buffer, which is lent for the call.
        let length = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return -1 }
            return unsafe readlink(path, start, bytes.count)
        }
        return length > 0 ? String(decoding: buffer[0..<length], as: UTF8.self) : nil
    }

    /// Names of a directory that are numbers.
    static func numbers(in path: String) -> [Int32] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var numbers: [Int32] = []
        while let entry = unsafe readdir(directory) {
            // SAFETY: d_name is a C string inside of the entry, which lives until the next readdir.
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = Int32(name) { numbers.append(number) }
        }
        return numbers
    }
}
