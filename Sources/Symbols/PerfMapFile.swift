import Glibc
public import Platform

/// Why a perf map is not read.
public enum PerfMapRefusal: Error, Hashable, Sendable {
    /// There is none, or it cannot be opened.
    case unavailable(Errno)
    /// A FIFO, a device, a directory, a symbolic link.
    case notRegular
    /// It belongs neither to the target's user nor to root.
    case foreignOwner(UInt32)
}

/// `/tmp/perf-PID.map` of a process: a file that anyone on the host may have put there.
public enum PerfMapFile {
    /// Opens the map of a process.
    /// - Parameters:
    ///   - namespacePID: the pid as the process sees itself (the last one of `NSpid:`).
    ///   - root: O_PATH descriptor of the process's root directory (`/proc/PID/root`).
    ///   - user: effective user of the process, as the host sees it.
    public static func open(namespacePID: Int32, root: OpenFile, user: UInt32) throws(PerfMapRefusal) -> OpenFile {
        let file: FileDescriptor
        do throws(Errno) {
            // Runtimes write the file itself; a link was put there by somebody else, and may lead to any file.
            file = try RootedOpen.regularFile(
                "/tmp/perf-\(namespacePID).map", below: root.descriptor, extraFlags: O_NOFOLLOW)
        } catch {
            throw error.code == EINVAL || error.code == ELOOP ? .notRegular : .unavailable(error)
        }
        guard let status = try? file.status() else { throw .unavailable(.last) }
        guard status.st_uid == user || status.st_uid == 0 else { throw .foreignOwner(status.st_uid) }
        return OpenFile(file)
    }
}
