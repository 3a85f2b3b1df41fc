import Glibc
import Platform

/// Starts the child's program.
enum ChildSpawn {
    /// Runs a program with one end of a socket pair as descriptor 3, all signals at their defaults, and in a process
    /// group of its own, so that a Ctrl-C at the terminal reaches the daemon alone.
    static func start(_ path: String, _ arguments: [String], socket: borrowing FileDescriptor) throws(Errno) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, socket.number, 3)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        setDefaults(&attributes)
        var pid: pid_t = 0
        // SAFETY: the copies live until after the call; both lists end with nil.
        var list = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe list.forEach { unsafe free($0) } }
        var variables = unsafe environment().map { unsafe strdup($0) } + [nil]
        defer { unsafe variables.forEach { unsafe free($0) } }
        let failure = unsafe posix_spawn(&pid, path, &actions, &attributes, &list, &variables)
        if failure != 0 { throw Errno(failure) }
        return pid
    }

    /// Nothing of the daemon's own environment but where its libraries are.
    private static func environment() -> [String] {
        guard let libraries = unsafe getenv("LD_LIBRARY_PATH") else { return [] }
        return unsafe ["LD_LIBRARY_PATH=" + String(cString: libraries)]
    }

    private static func setDefaults(_ attributes: inout posix_spawnattr_t) {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETPGROUP)
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    }
}
