import Glibc
import Platform

/// A file that is there as a whole or not at all.
struct OutputFile {
    let path: String

    /// Finds out before a long wait whether the file can be made.
    init(_ path: String) throws(Failure) {
        self.path = path
        guard !path.isEmpty, !path.hasSuffix("/") else { throw Failure(.usage, "-o: '\(path)' is no file") }
        let folder = Self.folder(of: path)
        // SAFETY: the path is lent for the call.
        if unsafe access(folder, W_OK) != 0 {
            throw Failure(.failed, "\(path) cannot be written: \(folder): \(Errno.last)")
        }
    }

    /// Writes to a new file in the same folder, makes sure that it is on the disk, and renames it. Whatever was there
    /// stays as it was if anything fails. Devices and pipes are written as they are.
    func write(_ bytes: [UInt8]) throws(Failure) {
        do throws(Errno) {
            if isSpecial {
                let file = try FileDescriptor.open(path, O_WRONLY | O_NOCTTY)
                try FileDescriptor.writeAll(bytes, to: file.number)
            } else {
                try replace(with: bytes, at: resolved)
            }
        } catch {
            let full = error.code == ENOSPC || error.code == EDQUOT
            throw Failure(
                .failed, "\(path) was not written: \(full ? "the disk is full" : "\(error)")",
                hint: full ? "\(Shown.bytes(Double(bytes.count))) are needed; -o can name another disk" : "")
        }
    }

    private func replace(with bytes: [UInt8], at target: String) throws(Errno) {
        var template = Array("\(Self.folder(of: target))/.hearth-XXXXXX".utf8CString)
        // SAFETY: the template is a C string that mkstemp writes the name into.
        let file = FileDescriptor(owning: try retrying { unsafe mkstemp(&template) })
        let name = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        do throws(Errno) {
            _ = try retrying { fchmod(file.number, mode(of: target)) }
            try FileDescriptor.writeAll(bytes, to: file.number)
            _ = try retrying { fsync(file.number) }
            // SAFETY: both paths are lent for the call.
            _ = try retrying { unsafe rename(name, target) }
        } catch {
            // SAFETY: the path is lent for the call.
            unsafe _ = unlink(name)
            throw error
        }
        // The name itself: a file system that cannot do it has written the name by its own rules.
        if let folder = try? FileDescriptor.open(Self.folder(of: target), O_RDONLY | O_DIRECTORY) {
            _ = fsync(folder.number)
        }
    }

    /// The mode of the file that is replaced, else what a new file would get.
    private func mode(of target: String) -> mode_t {
        if let status = Self.status(target) { return status.st_mode & 0o777 }
        let mask = umask(0)
        _ = umask(mask)
        return 0o666 & ~mask
    }

    private var isSpecial: Bool { Self.status(path).map { $0.st_mode & S_IFMT != S_IFREG } ?? false }

    /// Where a link leads, so that the link stays one.
    private var resolved: String {
        // SAFETY: realpath returns memory of malloc, which is freed here.
        guard let real = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        // SAFETY: the struct outlives the call, which fills it.
        return unsafe stat(path, &status) == 0 ? status : nil
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

extension FileDescriptor {
    /// Writes everything.
    static func writeAll(_ bytes: [UInt8], to number: Int32) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let offset = done
            // SAFETY: the pointer and the count stay inside of the lent buffer.
            done += try retrying {
                unsafe bytes.withUnsafeBytes { buffer in
                    unsafe Glibc.write(number, buffer.baseAddress.map { unsafe $0 + offset }, buffer.count - offset)
                }
            }
        }
    }
}
