import Foundation
import Testing

@testable import hearth

/// `hearth top` as a person sees it, in a real terminal.
@Suite(
    .serialized, .timeLimit(.minutes(5)),
    .enabled(if: TmuxScreen.obstacle == nil, Comment(rawValue: TmuxScreen.obstacle ?? "")))
struct TopScreenTests {
    let server: AnsweringServer
    init() throws { server = try AnsweringServer() }

    private func top(_ arguments: String = "many", columns: Int = 100, rows: Int = 30) throws -> TmuxScreen {
        try TmuxScreen(
            "\(HearthProgram.path) top \(arguments) --server \(server.address)", columns: columns, rows: rows)
    }

    /// Names of the functions that are shown, in their order.
    private func functions(_ lines: [String]) -> [String] {
        lines.flatMap { $0.split(separator: " ") }.filter { $0.hasPrefix("fn-") }.map(String.init)
    }

    private func isRestored(_ lines: [String]) -> Bool {
        lines.first == "before" && lines.dropFirst().first?.hasPrefix("ended ") == true && functions(lines).isEmpty
    }

    @Test func drawsAndGoes() throws {
        let screen = try top()
        let lines = try screen.awaitText("fn-000")
        #expect(lines[0].hasPrefix("many · cpu · 10 s · 1.00 CPUs · 900 samples"))
        #expect(lines[2].contains("SELF") && lines[2].contains("FUNCTION"))
        #expect(functions(lines) == (0..<26).map { "fn-0" + ($0 < 10 ? "0\($0)" : "\($0)") })
        #expect(lines[29].contains("window 1m · by self") && lines[29].contains("q quit"))
        #expect(!lines.contains("before"))
        try screen.press("q")
        let after = try screen.wait(for: "the old screen", isRestored)
        #expect(after[1] == "ended 0")
    }

    @Test func sorts() throws {
        let screen = try top()
        try screen.awaitText("fn-000")
        try screen.press("s")
        try screen.wait(for: "by total") { functions($0).first == "fn-049" && $0[29].contains("by total") }
        try screen.press("s")
        try screen.wait(for: "by name") { functions($0).first == "fn-000" && $0[29].contains("by name") }
        try screen.press("S", "S")
        try screen.wait(for: "by self") { functions($0).first == "fn-000" && $0[29].contains("by self") }
    }

    @Test func filters() throws {
        let screen = try top()
        try screen.awaitText("fn-000")
        try screen.press("/")
        try screen.type("N-01")
        try screen.wait(for: "ten functions") { functions($0) == (10..<20).map { "fn-0\($0)" } }
        try screen.awaitText("/N-01")
        try screen.press("BSpace")
        try screen.wait(for: "twenty functions") { functions($0).count == 26 }
        try screen.type("49")
        try screen.press("Enter")
        try screen.wait(for: "one function") { functions($0) == ["fn-049"] && $0[29].contains("/N-049 ·") }
        // Now letters are keys again.
        try screen.press("s")
        try screen.awaitText("by total")
        try screen.press("Escape")
        try screen.wait(for: "all of them") { functions($0).count == 26 }
    }

    @Test func changesTargetAndWindow() throws {
        let screen = try top()
        try screen.awaitText("fn-000")
        try screen.press("w")
        try screen.wait(for: "5 minutes") { $0[29].contains("window 5m") && $0.contains { $0.contains("asked-5m") } }
        try screen.press("W", "W")
        try screen.wait(for: "30 seconds") { $0[29].contains("window 30s") && $0.contains { $0.contains("asked-30s") } }
        try screen.press("t")
        try screen.wait(for: "the targets") { $0.contains("> all") && $0.contains("  web.service") }
        try screen.press("Down")
        try screen.awaitText("> web.service")
        try screen.press("Enter")
        try screen.awaitText("hot_loop")
        #expect(try screen.shown()[0].hasPrefix("web.service · cpu"))
    }

    @Test func scrollsPausesAndHelps() throws {
        let screen = try top()
        try screen.awaitText("fn-000")
        try screen.press("Down", "PageDown")
        try screen.wait(for: "eleven further") { functions($0).first == "fn-011" }
        try screen.press("End")
        try screen.wait(for: "the end") { functions($0).last == "fn-049" && functions($0).count == 26 }
        try screen.press("Home")
        try screen.wait(for: "the begin") { functions($0).first == "fn-000" }
        try screen.press("p")
        try screen.awaitText("paused")
        try screen.press("h")
        try screen.awaitText("choose another target")
        try screen.press("x")
        try screen.awaitText("fn-000")
    }

    @Test func followsTheSizeOfTheTerminal() throws {
        let screen = try top()
        try screen.awaitText("fn-000")
        try screen.resize(columns: 50, rows: 10)
        let small = try screen.wait(for: "a small table") { functions($0).count == 6 }
        #expect(small.allSatisfy { $0.count <= 50 } && small[9].contains("window 1m"))
        try screen.resize(columns: 120, rows: 60)
        try screen.wait(for: "a large table") { functions($0).count == 50 }
        try screen.resize(columns: 20, rows: 3)
        try screen.wait(for: "a tiny one") { $0.count <= 4 && $0[2].contains("window") }
    }

    @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGQUIT]) func signalsBringTheOldScreenBack(_ number: Int32) throws {
        let screen = try top()
        try screen.awaitText("fn-000")
        try screen.signal(number)
        try screen.wait(for: "the old screen", isRestored)
        // The terminal echoes and edits lines again.
        try screen.type("typed")
        try screen.awaitText("typed")
    }

    @Test func controlCEndsItAndStoppingShowsTheOldScreen() throws {
        let screen = try top()
        try screen.awaitText("fn-000")
        try screen.signal(SIGTSTP)
        try screen.wait(for: "the old screen") { $0.first == "before" && functions($0).isEmpty }
        try screen.signal(SIGCONT)
        try screen.awaitText("fn-000")
        try screen.press("C-c")
        try screen.wait(for: "the old screen", isRestored)
    }

    /// A daemon that hangs keeps nobody from leaving.
    @Test func keysAreObeyedWhileAnAnswerIsAwaited() throws {
        let screen = try top("hang")
        try screen.awaitText("waiting for the daemon")
        try screen.press("h")
        try screen.awaitText("choose another target")
        try screen.press("q")
        try screen.wait(for: "the old screen", isRestored)
    }

    @Test func aRefusalIsSaidOnceTheOldScreenIsBack() throws {
        let screen = try top("status-400")
        try screen.awaitText("hearthd: the error")
        #expect(try screen.shown().first == "before")
        try screen.awaitText("ended 2")
        let gone = try top("status-404")
        try gone.wait(for: "the reason in the table's place") {
            $0[0].contains("the error") && $0[1].contains("the hint")
        }
    }
}

@Suite struct KeyReaderTests {
    private func keys(_ text: String) -> [Key] {
        var reader = KeyReader()
        reader.feed(text.utf8)
        var keys: [Key] = []
        while let key = reader.next() { keys.append(key) }
        return keys + [reader.pause()].compactMap { $0 }
    }

    @Test func sequences() {
        #expect(
            keys("a\u{1B}[Aé\u{1B}OB\r\u{7F}\u{15}") == [
                .character("a"), .up, .character("é"), .down, .enter, .backspace, .clear,
            ])
        #expect(keys("\u{1B}[5~\u{1B}[6~\u{1B}[H\u{1B}[F") == [.pageUp, .pageDown, .home, .end])
        #expect(keys("\u{1B}") == [.escape] && keys("\u{1B}\u{1B}x") == [.escape, .escape, .character("x")])
        #expect(keys("\u{1B}[1;5C\u{1B}OSq") == [.character("q")], "what has no meaning is passed over")
        #expect(keys("\u{1}\u{0}z") == [.character("z")])
    }

    /// The parts of a sequence may come one by one.
    @Test func piecesOfSequences() {
        var reader = KeyReader()
        for byte in "\u{1B}[".utf8 {
            reader.feed([byte])
            #expect(reader.next() == nil)
        }
        reader.feed("B".utf8)
        #expect(reader.next() == .down)
        reader.feed([0xC3])
        #expect(reader.next() == nil)
        reader.feed([0xA9])
        #expect(reader.next() == .character("é"))
        reader.feed([0xFF, 0x80, UInt8(ascii: "k")])
        #expect(reader.next() == .character("k"))
        reader.feed([0x1B, UInt8(ascii: "[")] + [UInt8](repeating: UInt8(ascii: "1"), count: 100))
        while reader.next() != nil {}
        #expect(reader.pause() == nil)
    }
}
