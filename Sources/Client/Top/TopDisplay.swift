import Platform

/// The live screen of `hearth top`: draws, obeys keys, asks again every two seconds.
struct TopDisplay {
    private var state: TopState
    private let kind: String
    private let filter: [String: String]
    /// Most functions shown, if somebody said so.
    private let limit: Int?
    private let paint: Paint
    private var answer: TopFeed.Answer?
    private var lastAsked: UInt64 = 0

    private static let interval: UInt64 = 2_000_000_000
    /// Functions that are asked for when names are searched or sorted: the most that the daemon gives.
    private static let mostRows = 1_000

    init(state: TopState, kind: String, filter: [String: String], limit: Int?, paint: Paint) {
        self.state = state
        self.kind = kind
        self.filter = filter
        self.limit = limit
        self.paint = paint
    }

    /// Until somebody ends it.
    ///
    /// - Throws: a failure that no waiting would mend, after the person's screen is back.
    mutating func run(_ daemon: Daemon) throws {
        var screen = try LiveScreen()
        // After the screen: the thread inherits that signals wait, else it would end the program at once.
        let feed = try TopFeed(daemon)
        ask(feed)
        try screen.draw(lines())
        while true {
            guard try step(feed, screen.event(milliseconds: 100), screen) else { return }
        }
    }

    /// One round; false when it is the last.
    private mutating func step(
        _ feed: TopFeed, _ event: LiveScreen.Event?, _ screen: borrowing LiveScreen
    ) throws -> Bool {
        var isChanged = event == .redraw
        switch event {
        case .end: return false
        case .key(let key):
            let effect = state.handle(key)
            if effect == .quit { return false }
            if effect == .ask { ask(feed) }
            isChanged = true
        case .redraw, nil: break
        }
        if let answer = feed.take() {
            try accept(answer)
            isChanged = true
        }
        if !state.isPaused, !feed.isAsking, SystemTime().monotonic() &- lastAsked >= Self.interval { ask(feed) }
        if isChanged { try screen.draw(lines()) }
        return true
    }

    private mutating func ask(_ feed: TopFeed) {
        lastAsked = SystemTime().monotonic()
        let isSearching = !state.filter.isEmpty || state.order == .byName || state.mode == .filter
        let order = state.order == .byName ? TopState.Order.bySelf : state.order
        feed.ask(
            TopFeed.Question(
                target: state.target, window: state.window, kind: kind, sort: order.rawValue,
                rows: isSearching ? Self.mostRows : limit ?? 200, filter: filter, wantsTargets: state.mode == .targets))
    }

    /// A live display outlives a restart of the daemon: the reason stands where the table was.
    private mutating func accept(_ answer: TopFeed.Answer) throws {
        // What was asked on the command line never becomes right.
        if let failure = answer.failure, failure.status == .usage, self.answer == nil { throw failure }
        self.answer = answer
        if let targets = answer.targets?["targets"]?.elements { state.offer(targets.compactMap { $0["name"]?.text }) }
    }

    // MARK: What is shown

    private mutating func lines() -> [String] {
        let size = Terminal.size() ?? (80, 24)
        let room = max(1, size.rows - 1)
        let body: [String]
        switch state.mode {
        case .help: body = Self.help
        case .targets: body = targetLines(room)
        case .table, .filter: body = tableLines(room, size.columns)
        }
        let padding = [String](repeating: "", count: max(0, room - body.count))
        return body.prefix(room) + padding + [Table.cut(status, to: size.columns)]
    }

    /// The last line: what can be done, or what is being typed.
    private var status: String {
        switch state.mode {
        case .filter: return "/\(state.filter)▏  Enter keeps it, Esc clears it"
        case .targets: return "Enter chooses, Esc goes back"
        case .help: return "any key goes back, q ends"
        case .table: break
        }
        var parts = ["window \(state.window)", "by \(state.order.rawValue)"]
        if !state.filter.isEmpty { parts.append("/\(state.filter)") }
        if state.isPaused { parts.append("paused") }
        return parts.joined(separator: " · ") + " · s sort  / filter  t target  w window  h help  q quit"
    }

    private static let help = [
        "s S      sort by self, total, name", "/        show only functions and modules that contain a text",
        "Esc      show all again", "t        choose another target", "w W      a longer or a shorter window",
        "p Space  pause", "↑↓ j k   scroll; PageUp, PageDown, Home, End as well", "q        quit",
    ]

    private func targetLines(_ room: Int) -> [String] {
        if state.targets.isEmpty { return ["waiting for the targets…"] }
        let first = max(0, min(state.chosen - room / 2, state.targets.count - room))
        return state.targets.enumerated().dropFirst(first).prefix(room).map { index, name in
            index == state.chosen ? paint.bold("> " + Terminal.plain(name)) : "  " + Terminal.plain(name)
        }
    }

    private mutating func tableLines(_ room: Int, _ columns: Int) -> [String] {
        guard let answer else { return ["waiting for the daemon…"] }
        if let failure = answer.failure {
            return [paint.red(Table.cut(failure.message, to: columns)), Table.cut(failure.hint, to: columns)]
        }
        guard let hot = answer.hot else { return [] }
        var table = HotTable(hot)
        let all = shown(table.functions)
        // Three lines stand above the functions.
        let rows = min(limit ?? .max, max(1, room - 3))
        state.offset = max(0, min(state.offset, all.count - rows))
        table.functions = Array(all.dropFirst(state.offset).prefix(rows))
        let lines = table.lines(width: columns, paint)
        return all.isEmpty && !state.filter.isEmpty ? lines + ["no function contains “\(state.filter)”"] : lines
    }

    /// Those that contain the text, in the order that was chosen.
    private func shown(_ functions: [JSONValue]) -> [JSONValue] {
        let wanted = state.filter.lowercased()
        func text(_ function: JSONValue, _ key: String) -> String { function[key]?.text ?? "" }
        let found = functions.filter {
            wanted.isEmpty || text($0, "function").lowercased().contains(wanted)
                || text($0, "module").lowercased().contains(wanted)
        }
        guard state.order == .byName else { return found }
        return found.sorted { (text($0, "function"), text($0, "module")) < (text($1, "function"), text($1, "module")) }
    }
}
