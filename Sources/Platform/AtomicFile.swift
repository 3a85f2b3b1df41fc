import Glibc

/// Files that are there as a whole or not at all.
public enum AtomicFile {
    /// Writes a new file in the same folder, makes sure that it is on the disk, and renames it into place. Whatever was
    /// there stays as it was if anything fails.
    public static func write(_ bytes: [UInt8], to path: String) throws(Errno) {
        let folder = folder(of: path)
        var template = Array("\(folder)/.hearth-XXXXXX".utf8CString)
        // SAFETY: the template is a C string that mkostemp writes the name into.
        let file = FileDescriptor(owning: try retrying { unsafe mkstemp(&template) })
        let name = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        do throws(Errno) {
            _ = try retrying { fchmod(file.number, mode(of: path)) }
            try file.writeAll(bytes)
            _ = try retrying { fsync(file.number) }
            _ = try retrying { unsafe rename(name, path) }
        } catch {
            _ = unsafe unlink(name)
            throw error
        }
        // A file system that cannot sync a folder has written the name by its own rules.
        if let opened = try? FileDescriptor.open(folder, O_RDONLY | O_DIRECTORY) { _ = fsync(opened.number) }
    }

    /// The mode of the file that is replaced, else what a new file would get.
    private static func mode(of path: String) -> mode_t {
        var status = stat()
        if unsafe stat(path, &status) == 0 { return status.st_mode & 0o777 }
        let mask = umask(0)
        _ = umask(mask)
        return 0o666 & ~mask
    }

    /// The folder that a path lies in.
    public static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

extension FileDescriptor {
    /// Writes everything.
    public func writeAll(_ bytes: [UInt8]) throws(Errno) {
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
