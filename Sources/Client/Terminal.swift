import ArgumentParser
import Glibc
import Platform

/// When colours are written.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument {
    case auto, always, never
}

/// What is known about the terminal, and how text gets there.
enum Terminal {
    /// Whether a descriptor is one.
    static func isTerminal(_ number: Int32) -> Bool { isatty(number) == 1 }

    /// Whether to write colours to stdout: https://no-color.org counts where nothing else was said.
    static func colors(_ choice: ColorChoice) -> Bool {
        switch choice {
        case .always: true
        case .never: false
        case .auto:
            isTerminal(STDOUT_FILENO) && (environment("NO_COLOR") ?? "").isEmpty && environment("TERM") != "dumb"
        }
    }

    /// A variable of the environment.
    static func environment(_ name: String) -> String? {
        // SAFETY: the string is copied at once; nothing changes the environment of this program.
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// Columns and rows of the terminal behind stdout; `nil` if there is none.
    static func size() -> (columns: Int, rows: Int)? {
        var size = winsize()
        // SAFETY: the struct outlives the call, which fills it.
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Names come from any program on the host: what a terminal would obey is replaced.
    static func plain(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            let isDirection = (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
            result.append(isControl || isDirection ? "\u{FFFD}" : scalar)
        }
        return String(result)
    }

    /// Writes a text; a reader that has gone is the end of the output, everything else a failure.
    static func write(_ text: String, to number: Int32 = STDOUT_FILENO) throws(Failure) {
        try write(Array(text.utf8), to: number)
    }

    /// Writes bytes.
    static func write(_ bytes: [UInt8], to number: Int32 = STDOUT_FILENO) throws(Failure) {
        do throws(Errno) {
            try FileDescriptor.writeAll(bytes, to: number)
        } catch {
            if error.code == EPIPE { return }
            throw Failure(.failed, "the output could not be written: \(error)")
        }
    }

    /// A line for a person, to stderr; what cannot be said there is not said.
    static func say(_ text: String) { try? write(text + "\n", to: STDERR_FILENO) }
}

/// Words in colour, or not.
struct Paint {
    let isOn: Bool

    func bold(_ text: String) -> String { wrap("1", text) }
    func green(_ text: String) -> String { wrap("32", text) }
    func red(_ text: String) -> String { wrap("31", text) }
    func dim(_ text: String) -> String { wrap("2", text) }

    private func wrap(_ code: String, _ text: String) -> String { isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}
