import Glibc
import Platform

/// A file that is there as a whole or not at all.
struct OutputFile {
    let path: String

    /// Finds out before a long wait whether the file can be made.
    init(_ path: String) throws(Failure) {
        self.path = path
        guard !path.isEmpty, !path.hasSuffix("/") else { throw Failure(.usage, "-o: '\(path)' is no file") }
        let folder = AtomicFile.folder(of: path)
        // SAFETY: the path is lent for the call.
        if unsafe access(folder, W_OK) != 0 {
            throw Failure(.failed, "\(path) cannot be written: \(folder): \(Errno.last)")
        }
    }

    /// Writes it as ``AtomicFile`` does; whatever was there stays as it was if anything fails.
    func write(_ bytes: [UInt8]) throws(Failure) {
        do throws(Errno) {
            try AtomicFile.write(bytes, to: path)
        } catch {
            let full = error.code == ENOSPC || error.code == EDQUOT
            throw Failure(
                .failed, "\(path) was not written: \(full ? "the disk is full" : "\(error)")",
                hint: full ? "\(Shown.bytes(Double(bytes.count))) are needed; -o can name another disk" : "")
        }
    }
}
