import Glibc

/// Files that are there as a whole or not at all.
public enum AtomicFile {
    /// Writes a new file in the same folder, makes sure that it is on the disk, and renames it into place. Whatever was
    /// there stays as it was if anything fails. A link stays one: what it leads to is replaced. Devices and pipes are
    /// written as they are.
    public static func write(_ bytes: [UInt8], to path: String) throws(Errno) {
        if isSpecial(path) {
            try FileDescriptor.open(path, O_WRONLY | O_NOCTTY).writeAll(bytes)
        } else {
            try replace(resolved(path), with: bytes)
        }
    }

    private static func replace(_ path: String, with bytes: [UInt8]) throws(Errno) {
        let folder = folder(of: path)
        var template = Array("\(folder)/.hearth-XXXXXX".utf8CString)
        // SAFETY: the template is a C string that mkstemp writes the name into.
        let file = FileDescriptor(owning: try retrying { unsafe mkstemp(&template) })
        let name = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        do throws(Errno) {
            _ = try retrying { fchmod(file.number, mode(of: path)) }
            try file.writeAll(bytes)
            _ = try retrying { fsync(file.number) }
            // SAFETY: both paths are lent for the call.
            _ = try retrying { unsafe rename(name, path) }
        } catch {
            // SAFETY: the path is lent for the call.
            _ = unsafe unlink(name)
            throw error
        }
        // A file system that cannot sync a folder has written the name by its own rules.
        if let opened = try? FileDescriptor.open(folder, O_RDONLY | O_DIRECTORY) { _ = fsync(opened.number) }
    }

    /// The mode of the file that is replaced, else what a new file would get.
    private static func mode(of path: String) -> mode_t {
        if let status = status(path) { return status.st_mode & 0o777 }
        let mask = umask(0)
        _ = umask(mask)
        return 0o666 & ~mask
    }

    private static func isSpecial(_ path: String) -> Bool {
        status(path).map { $0.st_mode & S_IFMT != S_IFREG && $0.st_mode & S_IFMT != S_IFDIR } ?? false
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        // SAFETY: the struct outlives the call, which fills it.
        return unsafe stat(path, &status) == 0 ? status : nil
    }

    /// Where a link leads.
    private static func resolved(_ path: String) -> String {
        // SAFETY: realpath returns memory of malloc, which is freed here.
        guard let real = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    /// The folder that a path lies in.
    public static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

extension FileDescriptor {
    /// Writes everything.
    public func writeAll(_ bytes: [UInt8]) throws(Errno) { try Self.writeAll(bytes, to: number) }

    /// Writes everything to a descriptor that somebody else owns.
    public static func writeAll(_ bytes: [UInt8], to number: Int32) throws(Errno) {
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
