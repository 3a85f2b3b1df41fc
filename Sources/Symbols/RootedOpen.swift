import CPlatform
import CSandbox
import Glibc
import Platform

/// Opening files that a target names, without following it out of its root or into a device.
enum RootedOpen {
    /// Opens a regular file below a root directory for reading. Absolute links are resolved below the root, magic
    /// links of /proc are refused, a FIFO does not block. openat2(2).
    ///
    /// - Parameter extraFlags: such as O_NOFOLLOW, where the last component may be no link.
    static func regularFile(
        _ path: String, below root: borrowing FileDescriptor, extraFlags: Int32 = 0
    ) throws(Errno) -> FileDescriptor {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | extraFlags
        // SAFETY: the path is a C string for the time of the call.
        let number = try retrying {
            unsafe hearth_openat2(root.number, path, flags, UInt64(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS))
        }
        let file = FileDescriptor(owning: number)
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG else { throw Errno(EINVAL) }
        return file
    }
}
