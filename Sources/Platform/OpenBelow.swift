import CPlatform
import Glibc

extension FileDescriptor {
    /// Opens a path as if this directory were the root: absolute paths and links stay inside, links of /proc are refused
    /// (openat2(2), RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS).
    public func openBelow(_ path: String, _ flags: Int32) throws(Errno) -> FileDescriptor {
        let resolve: UInt64 = 0x10 | 0x02
        // SAFETY: the path is lent for the call.
        return FileDescriptor(
            owning: try retrying { unsafe hearth_openat2(number, path, flags | O_CLOEXEC, resolve) })
    }
}

extension FileDescriptor {
    /// O_PATH of asm-generic/fcntl.h, which glibc hides without _GNU_SOURCE.
    private static let pathOnly: Int32 = 0o10000000

    /// A handle to a directory that only serves to open files below it.
    public static func openDirectory(_ path: String) throws(Errno) -> FileDescriptor {
        try open(path, pathOnly | O_DIRECTORY)
    }
}
