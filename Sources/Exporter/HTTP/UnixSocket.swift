import Glibc
import Platform

/// Sockets in the file system.
enum UnixSocket {
    /// Read and write for owner and group, nothing for others.
    private static let mode: mode_t = 0o660

    /// Binds a path. A socket that nobody listens on any more is replaced, everything else left alone.
    static func bound(to path: String) throws(ListenError) -> FileDescriptor {
        try removeStale(path)
        do throws(Errno) {
            let descriptor = FileDescriptor(owning: try retrying { socket(AF_UNIX, streamType, 0) })
            let number = descriptor.number
            // Linux takes the mode of the file from that of the socket (net/unix/af_unix.c, unix_bind_bsd), so there
            // is no moment in which others could connect; chmod then gives back what the umask took.
            _ = try retrying { fchmod(number, mode) }
            _ = try retrying { unsafe SocketAddress.with(path: path) { unsafe bind(number, $0, $1) } }
            _ = try retrying { unsafe chmod(path, mode) }
            return descriptor
        } catch {
            throw listenError(error, path)
        }
    }

    /// Removes the file if it is still the socket of that inode.
    static func remove(_ path: String, inode: UInt64?) {
        guard let inode, self.inode(path) == inode else { return }
        _ = unsafe unlink(path)
    }

    /// Inode of a socket file; `nil` when there is none.
    static func inode(_ path: String) -> UInt64? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        return UInt64(status.st_ino)
    }

    private static func removeStale(_ path: String) throws(ListenError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: path) }
        var holder: String?
        do throws(Errno) {
            let probe = FileDescriptor(owning: try retrying { socket(AF_UNIX, streamType | nonBlocking, 0) })
            let number = probe.number
            _ = try retrying { unsafe SocketAddress.with(path: path) { unsafe connect(number, $0, $1) } }
            holder = PortHolder.find(behind: number)
        } catch  where error.code == ECONNREFUSED {
            _ = unsafe unlink(path)
            return
        } catch  where error.code == ENOENT {
            return
        } catch  where error.code != EAGAIN {
            throw listenError(error, path)
        } catch {
            // EAGAIN: a listener with a full queue is alive.
        }
        throw .inUse(address: "unix:\(path)", holder: holder)
    }

    private static func listenError(_ error: Errno, _ path: String) -> ListenError {
        switch error.code {
        case EADDRINUSE: .inUse(address: "unix:\(path)", holder: nil)
        case EACCES, EPERM, EROFS: .notPermitted(address: "unix:\(path)")
        default: .failed(address: "unix:\(path)", reason: error.description)
        }
    }
}

private let streamType = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
private let nonBlocking = Int32(SOCK_NONBLOCK.rawValue)

/// Addresses in the form that the system takes.
private enum SocketAddress {
    /// Lends the address of a path; −1 with ENAMETOOLONG for one that does not fit.
    static func with(path: String, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            errno = ENAMETOOLONG
            return -1
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        // SAFETY: sockaddr_un begins with the family as every sockaddr does; the length is that of the whole.
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
