import Glibc
import Platform

/// A new folder, removed with everything in it at the end.
public final class TemporaryDirectory: Sendable {
    /// Absolute path.
    public let path: String

    /// Makes the folder, below TMPDIR or /tmp.
    public init() throws {
        let base = ExternalTool.environmentValue("TMPDIR") ?? "/tmp"
        var template = Array("\(base)/hearth-XXXXXX".utf8CString)
        if unsafe mkdtemp(&template) == nil { throw Errno.last }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { removeTree(path) }

    /// The path of something inside.
    public func appending(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file inside and returns its path.
    @discardableResult
    public func write(_ bytes: [UInt8], to name: String) throws -> String {
        let file = try FileDescriptor.open(appending(name), O_WRONLY | O_CREAT | O_TRUNC)
        var rest = bytes[...]
        while !rest.isEmpty {
            let number = file.number
            let count = try retrying {
                unsafe rest.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
            }
            rest = rest.dropFirst(count)
        }
        return appending(name)
    }
}

/// Removes a folder with everything in it; symbolic links are removed, not followed.
func removeTree(_ path: String) {
    for name in folderEntries(path) {
        let inner = "\(path)/\(name)"
        if unsafe unlink(inner) != 0, errno == EISDIR || errno == EPERM { removeTree(inner) }
    }
    _ = unsafe rmdir(path)
}

/// Names in a folder without `.` and `..`, sorted; empty if it cannot be read.
func folderEntries(_ path: String) -> [String] {
    guard let folder = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(folder) }
    var found: [String] = []
    while let entry = unsafe readdir(folder) {
        // SAFETY: d_name is a C string inside the entry, which lives until the next readdir.
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { found.append(name) }
    }
    return found.sorted()
}
