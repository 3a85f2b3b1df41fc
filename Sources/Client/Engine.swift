import Glibc
import Platform

/// The program `hearthd`, which also does what needs no daemon: `hearthd record`, `hearthd diff`.
enum Engine {
    /// Replaces this program by it; returns only when that failed.
    static func become(_ arguments: [String]) -> Failure {
        var last = Errno(ENOENT)
        for path in candidates() {
            // SAFETY: the array is ended by nil as execv wants it, and its strings live until the call returns.
            var pointers: [UnsafeMutablePointer<CChar>?] =
                unsafe (["hearthd"] + arguments).map { unsafe strdup($0) } + [nil]
            unsafe _ = execv(path, &pointers)
            last = Errno.last
            unsafe pointers.forEach { unsafe free($0) }
            if last.code != ENOENT { return Failure(.failed, "\(path): \(last)") }
        }
        return Failure(
            .failed, "hearthd is neither beside hearth nor in PATH: \(last)", hint: "install it, or add it to PATH")
    }

    /// Runs it to its end and takes what it writes and its status; its words on stderr reach the person as they are.
    static func run(_ arguments: [String], files: [String]) throws(Failure) -> (output: [UInt8], status: Int32) {
        // SAFETY: the path is lent for the call.
        guard let path = candidates().first(where: { unsafe access($0, X_OK) == 0 }) else {
            throw Failure(
                .failed, "hearthd is neither beside hearth nor in PATH", hint: "install it, or add it to PATH")
        }
        do throws(Errno) {
            var ends: [Int32] = [0, 0]
            // SAFETY: the array has room for the two descriptors that the call stores. The engine inherits them.
            _ = try retrying { unsafe pipe(&ends) }
            let source = FileDescriptor(owning: ends[0])
            let sink = FileDescriptor(owning: ends[1])
            let child = try GatedCommand(
                [path] + arguments + ["--output", "/dev/fd/\(sink.number)", "--"] + files)
            child.release()
            _ = consume sink
            let bytes = try source.readAll(limit: 1 << 30)
            return (bytes, child.finish())
        } catch { throw Failure(.failed, "\(path) could not be run: \(error)") }
    }

    /// Beside this program first: the two belong together.
    private static func candidates() -> [String] {
        var paths: [String] = []
        // SAFETY: realpath returns memory of malloc, which is freed here.
        if let own = unsafe realpath("/proc/self/exe", nil) {
            paths.append(AtomicFile.folder(of: unsafe String(cString: own)) + "/hearthd")
            unsafe free(own)
        }
        let search = Terminal.environment("PATH") ?? "/usr/bin:/bin"
        return paths + search.split(separator: ":").map { "\($0)/hearthd" }
    }
}
