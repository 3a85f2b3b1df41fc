/// What a person has chosen in `hearth top`: a value that keys change; no terminal, no daemon.
struct TopState: Equatable {
    enum Order: String, CaseIterable { case bySelf = "self", byTotal = "total", byName = "name" }

    /// What keys are meant for.
    enum Mode: Equatable { case table, filter, targets, help }

    /// What has to be done after a key.
    enum Effect: Equatable { case draw, ask, quit }

    var target: String
    var window: String
    var order: Order
    var filter = ""
    var mode = Mode.table
    var isPaused = false
    /// First line shown of the functions.
    var offset = 0
    /// Line chosen in the list of targets, of which there are so many.
    var chosen = 0
    var targets: [String] = []

    private static let windows = ["10s", "30s", "1m", "5m", "15m", "1h", "6h", "24h"]

    init(target: String, window: String, order: Order) {
        self.target = target
        self.window = window
        self.order = order
    }

    mutating func handle(_ key: Key) -> Effect {
        switch mode {
        case .table: return handleInTable(key)
        case .filter: return handleInFilter(key)
        case .targets: return handleInTargets(key)
        case .help:
            mode = .table
            return key == .character("q") ? .quit : .draw
        }
    }

    private mutating func handleInTable(_ key: Key) -> Effect {
        switch key {
        case .character("q"), .character("Q"): return .quit
        case .character("s"): return sort(after: 1)
        case .character("S"): return sort(after: Order.allCases.count - 1)
        case .character("w"): return widen(by: 1)
        case .character("W"): return widen(by: -1)
        case .character("t"): mode = .targets
        case .character("/"): mode = .filter
        case .character("h"), .character("?"): mode = .help
        case .character("p"), .character(" "): isPaused.toggle()
        case .escape: filter = ""
        default: scroll(key)
        }
        return mode == .targets || (key == .escape) ? .ask : .draw
    }

    private mutating func handleInFilter(_ key: Key) -> Effect {
        switch key {
        case .character(let character): if filter.count < 200 { filter.append(character) }
        case .backspace: _ = filter.popLast()
        case .clear: filter = ""
        case .enter: mode = .table
        case .escape: (filter, mode) = ("", .table)
        default: break
        }
        offset = 0
        return .ask
    }

    private mutating func handleInTargets(_ key: Key) -> Effect {
        switch key {
        case .character("q"), .escape, .character("t"): mode = .table
        case .up, .character("k"): chosen -= 1
        case .down, .character("j"): chosen += 1
        case .pageUp: chosen -= 10
        case .pageDown: chosen += 10
        case .home: chosen = 0
        case .end: chosen = targets.count - 1
        case .enter:
            mode = .table
            guard targets.indices.contains(chosen) else { return .draw }
            (target, offset) = (targets[chosen], 0)
            return .ask
        default: break
        }
        chosen = max(0, min(chosen, targets.count - 1))
        return .draw
    }

    private mutating func sort(after steps: Int) -> Effect {
        let all = Order.allCases
        order = all[((all.firstIndex(of: order) ?? 0) + steps) % all.count]
        offset = 0
        return .ask
    }

    /// The next longer or shorter window; one that was given on the command line is between none.
    private mutating func widen(by steps: Int) -> Effect {
        let index = Self.windows.firstIndex(of: window) ?? (steps > 0 ? 1 : 3)
        window = Self.windows[max(0, min(index + steps, Self.windows.count - 1))]
        return .ask
    }

    private mutating func scroll(_ key: Key) {
        switch key {
        case .up, .character("k"): offset -= 1
        case .down, .character("j"): offset += 1
        case .pageUp: offset -= 10
        case .pageDown: offset += 10
        case .home: offset = 0
        case .end: offset = .max / 2
        default: break
        }
        offset = max(0, offset)
    }

    /// Takes the names that can be chosen, and keeps the choice where it was.
    mutating func offer(_ names: [String]) {
        let current = targets.indices.contains(chosen) && mode == .targets ? targets[chosen] : target
        targets = ["all"] + names.filter { $0 != "all" }
        chosen = targets.firstIndex(of: current) ?? 0
    }
}
