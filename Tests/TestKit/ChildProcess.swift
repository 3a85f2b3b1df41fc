import Glibc
import Platform
import Synchronization

/// A child with pipes at its standard input and output; killed and reaped at its end.
final class ChildProcess: Sendable {
    let pid: pid_t
    let output: Int32
    let errors: Int32
    private let state: Mutex<State>

    private struct State {
        var input: Int32
        var status: Int32?
    }

    /// Starts `path`. Without `separateErrors` standard error goes where ours goes.
    init(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], separateErrors: Bool
    ) throws {
        let (input, output, errors, outcome, pid) = try spawning.withLock { _ in
            let input = try Pipe()
            let output = try Pipe()
            let errors = separateErrors ? try Pipe() : nil
            var pid = pid_t()
            let outcome = spawn(
                arguments: [path] + arguments, environment: mergedEnvironment(environment),
                ends: [input.reading, output.writing, errors?.writing ?? 2], pid: &pid)
            return (input, output, errors, outcome, pid)
        }
        close(input.reading)
        close(output.writing)
        if let errors { close(errors.writing) }
        self.pid = pid
        self.output = output.reading
        self.errors = errors?.reading ?? -1
        self.state = Mutex(State(input: input.writing, status: outcome == 0 ? nil : -1))
        if outcome != 0 { throw Errno(outcome) }
        LivingChildren.add(pid)
    }

    deinit {
        kill(SIGKILL)
        _ = wait()
        closeInput()
        close(output)
        if errors >= 0 { close(errors) }
    }

    /// Closes the child's standard input.
    func closeInput() {
        state.withLock { state in
            if state.input >= 0 { close(state.input) }
            state.input = -1
        }
    }

    /// Writes all of `bytes`, then closes the child's standard input; a child that does not read is no error.
    func feed(_ bytes: [UInt8]) {
        let input = state.withLock { $0.input }
        var rest = bytes[...]
        while !rest.isEmpty, input >= 0 {
            let written = unsafe rest.withUnsafeBytes { unsafe write(input, $0.baseAddress, $0.count) }
            if written <= 0 { break }
            rest = rest.dropFirst(written)
        }
        closeInput()
    }

    /// Sends a signal unless the child was reaped already, so that no recycled pid is ever met.
    func kill(_ signal: Int32) {
        state.withLock { if $0.status == nil { Glibc.kill(pid, signal) } }
    }

    /// Waits for the end: the exit code, or 128 + the number of the signal that ended it.
    func wait() -> Int32 {
        state.withLock { state in
            if let status = state.status { return status }
            var raw: Int32 = 0
            while unsafe waitpid(pid, &raw, 0) == -1, errno == EINTR {}
            LivingChildren.remove(pid)
            let status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + raw & 0x7f
            state.status = status
            return status
        }
    }
}

/// Children that live. Those that globals own are never released, so they are ended when the tests end; they would also
/// keep our standard error open, for whose end somebody may wait.
private enum LivingChildren {
    private static let pids = Mutex<Set<pid_t>>([])
    private static let installed = atexit { pids.withLock { for pid in $0 { Glibc.kill(pid, SIGTERM) } } }

    static func add(_ pid: pid_t) {
        _ = installed
        pids.withLock { _ = $0.insert(pid) }
    }

    static func remove(_ pid: pid_t) { pids.withLock { _ = $0.remove(pid) } }
}

/// Held while pipes are made and a child is started, so that no other child inherits them in between.
private let spawning = Mutex(())

/// Both ends of a pipe, closed at exec.
private struct Pipe {
    let reading: Int32
    let writing: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        if unsafe pipe(&ends) != 0 { throw Errno.last }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        reading = ends[0]
        writing = ends[1]
    }
}

/// Starts a child whose descriptors 0, 1 and 2 are `ends`; the error number.
private func spawn(arguments: [String], environment: [String], ends: [Int32], pid: inout pid_t) -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (number, end) in ends.enumerated() where end != number {
        unsafe posix_spawn_file_actions_adddup2(&actions, end, Int32(number))
    }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    resetSignals(&attributes)
    return unsafe withCStrings(arguments) { argv in
        unsafe withCStrings(environment) { unsafe posix_spawn(&pid, arguments[0], &actions, &attributes, argv, $0) }
    }
}

/// Tests run on threads that block nearly all signals, and a child would inherit that.
private func resetSignals(_ attributes: inout posix_spawnattr_t) {
    var none = sigset_t()
    var all = sigset_t()
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
}

private func mergedEnvironment(_ changes: [String: String]) -> [String] {
    var merged: [String] = []
    // SAFETY: environ is an array of C strings that ends with a null; tests do not change it.
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
        let pair = unsafe String(cString: text)
        if changes[String(pair.prefix { $0 != "=" })] == nil { merged.append(pair) }
        unsafe entry += 1
    }
    return merged + changes.map { "\($0.key)=\($0.value)" }
}

/// SAFETY: the strings live until the call returns; the array ends with a null as exec wants it.
private func withCStrings<Value>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
    var pointers = unsafe strings.map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
    return unsafe pointers.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress.unsafelyUnwrapped) }
}
