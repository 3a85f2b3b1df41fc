import Glibc
import Platform

/// The owner of the terminal while something is shown live: keys come one by one, the old screen comes back at the end,
/// also when the end is a signal.
struct LiveScreen: ~Copyable {
    private let saved: termios

    init() throws(Failure) {
        saved = try Self.prepare()
        try? Terminal.write("\u{1B}[?1049h\u{1B}[?25l")
    }

    /// Blocks the signals and turns line editing off; the settings from before.
    private static func prepare() throws(Failure) -> termios {
        var settings = termios()
        do throws(Errno) {
            // SAFETY: the structs outlive the calls that fill and read them.
            _ = try retrying { unsafe tcgetattr(STDIN_FILENO, &settings) }
            let before = settings
            var set = sigset_t()
            unsafe _ = sigemptyset(&set)
            for number in [SIGINT, SIGTERM, SIGHUP] { unsafe _ = sigaddset(&set, number) }
            unsafe _ = pthread_sigmask(SIG_BLOCK, &set, nil)
            settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
            _ = try retrying { unsafe tcsetattr(STDIN_FILENO, TCSANOW, &settings) }
            return before
        } catch { throw Failure(.failed, "the terminal cannot be used: \(error)", hint: "--once prints one table") }
    }

    deinit {
        try? Terminal.write("\u{1B}[?25h\u{1B}[?1049l")
        var settings = saved
        // SAFETY: the struct outlives the call, which reads it.
        _ = unsafe tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    /// Replaces what is shown.
    func draw(_ lines: [String]) throws(Failure) {
        try Terminal.write("\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J")
    }

    /// Waits; true when the person pressed q or a signal asked for the end. Signals are blocked and looked for in
    /// slices of a fifth of a second.
    func waitForQuit(milliseconds: Int32) -> Bool {
        for _ in 0..<max(1, milliseconds / 200) {
            var watched = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            // SAFETY: the struct outlives the call.
            let count = unsafe poll(&watched, 1, 200)
            if Self.signalIsPending() || (count > 0 && Self.keyEnds()) { return true }
        }
        return false
    }

    private static func signalIsPending() -> Bool {
        var set = sigset_t()
        // SAFETY: the set outlives the calls that fill and read it.
        guard unsafe sigpending(&set) == 0 else { return false }
        return [SIGINT, SIGTERM, SIGHUP].contains { unsafe sigismember(&set, $0) == 1 }
    }

    private static func keyEnds() -> Bool {
        var key: UInt8 = 0
        // SAFETY: one byte is read into one byte.
        let count = unsafe read(STDIN_FILENO, &key, 1)
        return count <= 0 || key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") || key == 0x1B
    }
}
