import Model

/// Frames that have their names and wait for their source lines: modules take turns.
struct LineQueue {
    /// Frames that wait at most; more are left without lines.
    static let maximum = 1 << 15
    /// Frames handed out at a time.
    static let batch = 256

    private var waiting: [ModuleID: [(address: UInt64, name: FrameName)]] = [:]
    private var turns: [ModuleID] = []
    /// Frames that wait.
    private(set) var count = 0
    /// Frames for which there was no room, since the start.
    private(set) var dropped = 0

    /// Lets frames of a module wait whose lines DWARF may know; the others are passed over.
    mutating func add(_ module: ModuleID, _ frames: [(address: UInt64, name: FrameName)]) {
        let new = frames.filter { Self.lacksLine($0.name) }
        let room = new.prefix(max(0, Self.maximum - count))
        dropped += new.count - room.count
        guard !room.isEmpty else { return }
        if waiting[module] == nil { turns.append(module) }
        waiting[module, default: []].append(contentsOf: room)
        count += room.count
    }

    /// Takes frames of the module whose turn it is.
    mutating func next() -> (module: ModuleID, frames: [(address: UInt64, name: FrameName)])? {
        guard let module = turns.first, let all = waiting.removeValue(forKey: module) else { return nil }
        turns.removeFirst()
        let taken = Array(all.prefix(Self.batch))
        count -= all.count
        add(module, Array(all.dropFirst(taken.count)))
        return (module, taken)
    }

    private static func lacksLine(_ name: FrameName) -> Bool {
        switch name {
        case .lines(let lines): lines.count == 1 && lines[0].line == 0
        case .unnamed(let reason): reason == .stripped || reason == .noSymbol
        }
    }
}
