import Glibc

/// Says on stderr how long something still takes: a bar on a terminal, one line elsewhere.
struct ProgressBar {
    let label: String
    let seconds: Int
    private let isTerminal = Terminal.isTerminal(STDERR_FILENO)

    init(_ label: String, seconds: Int) {
        self.label = label
        self.seconds = seconds
    }

    /// Begins to wait.
    func start() {
        if isTerminal { draw(milliseconds: 0) } else { Terminal.say("\(label) for \(seconds) s…") }
    }

    /// Draws the bar again.
    func draw(milliseconds: Int) {
        guard isTerminal else { return }
        try? Terminal.write("\r" + Self.line(label, milliseconds, of: seconds) + "\u{1B}[K", to: STDERR_FILENO)
    }

    /// Removes the bar.
    func end() {
        if isTerminal { try? Terminal.write("\r\u{1B}[K", to: STDERR_FILENO) }
    }

    /// `label  [#####…]  5/10 s`.
    static func line(_ label: String, _ milliseconds: Int, of seconds: Int) -> String {
        let width = 30
        let done = min(milliseconds, seconds * 1000)
        let filled = seconds > 0 ? width * done / (seconds * 1000) : width
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        return "\(label)  [\(bar)]  \(done / 1000)/\(seconds) s"
    }
}
