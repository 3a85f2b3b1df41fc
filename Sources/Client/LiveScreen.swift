import Glibc
import Platform

/// The owner of the terminal while something is shown live: keys come one by one, the old screen comes back at the end,
/// also when the end is a signal, and while the program is stopped.
struct LiveScreen: ~Copyable {
    /// What a person or the system wants.
    enum Event: Equatable {
        case key(Key)
        /// The terminal has another size, or its contents may be lost.
        case redraw
        /// A signal asked for the end, or the terminal is gone.
        case end
    }

    private let saved: termios
    private var reader = KeyReader()
    private var size = Terminal.size()
    /// Milliseconds after which an escape is the key and no begin of a sequence.
    private static let pause: Int32 = 25
    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP]

    init() throws(Failure) {
        saved = try Self.settings()
        Self.blockSignals()
        Self.enter(saved)
    }

    deinit { Self.leave(saved) }

    private static func settings() throws(Failure) -> termios {
        var settings = termios()
        do throws(Errno) {
            // SAFETY: the struct outlives the call that fills it.
            _ = try retrying { unsafe tcgetattr(STDIN_FILENO, &settings) }
            return settings
        } catch { throw Failure(.failed, "the terminal cannot be used: \(error)", hint: "--once prints one table") }
    }

    /// Threads that are made later inherit this, so that signals wait until they are asked for.
    private static func blockSignals() {
        var set = signalSet()
        // SAFETY: the set outlives the call that reads it.
        unsafe _ = pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    private static func signalSet() -> sigset_t {
        var set = sigset_t()
        // SAFETY: the set outlives the calls that fill it.
        unsafe _ = sigemptyset(&set)
        for number in signals { unsafe _ = sigaddset(&set, number) }
        return set
    }

    /// Another screen, without a cursor and without lines that run over.
    private static func enter(_ saved: termios) {
        var settings = saved
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        // SAFETY: the struct outlives the call, which reads it.
        _ = unsafe tcsetattr(STDIN_FILENO, TCSANOW, &settings)
        try? Terminal.write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l")
    }

    private static func leave(_ saved: termios) {
        try? Terminal.write("\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l")
        var settings = saved
        // SAFETY: the struct outlives the call, which reads it.
        _ = unsafe tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    /// Replaces what is shown.
    func draw(_ lines: [String]) throws(Failure) {
        try Terminal.write("\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J")
    }

    /// Waits at most so long for something to happen; `nil` if nothing does.
    mutating func event(milliseconds: Int32) -> Event? {
        if let key = reader.next() { return .key(key) }
        if let event = systemEvent() { return event }
        var watched = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        // SAFETY: the struct outlives the call.
        let count = unsafe poll(&watched, 1, reader.isWaiting ? min(milliseconds, Self.pause) : milliseconds)
        if let event = systemEvent() { return event }
        guard count > 0 else { return reader.pause().map { .key($0) } }
        var bytes = [UInt8](repeating: 0, count: 256)
        // SAFETY: the call stores no more than the array has room for.
        let got = unsafe read(STDIN_FILENO, &bytes, bytes.count)
        if got == 0 || (got < 0 && Errno.last.code != EINTR && Errno.last.code != EAGAIN) { return .end }
        reader.feed(bytes.prefix(max(0, got)))
        return reader.next().map { .key($0) }
    }

    private mutating func systemEvent() -> Event? {
        switch Self.takeSignal() {
        case SIGTSTP:
            stop()
            return .redraw
        case .some: return .end
        case nil: break
        }
        let now = Terminal.size()
        if now?.columns == size?.columns, now?.rows == size?.rows { return nil }
        size = now
        return .redraw
    }

    /// The signal that waits, if any.
    private static func takeSignal() -> Int32? {
        var set = signalSet()
        var none = timespec()
        // SAFETY: both structs outlive the call, which reads them.
        let number = unsafe sigtimedwait(&set, nil, &none)
        return number > 0 ? number : nil
    }

    /// As Ctrl-Z wants it: the person's screen until somebody continues the program.
    private func stop() {
        Self.leave(saved)
        _ = raise(SIGSTOP)
        Self.enter(saved)
    }
}
