import Model

/// Frames that have their names and wait for their source lines. The module that took least time so far comes first: a
/// small program does not wait for a large one.
struct LineQueue {
    /// Frames that wait at most; more are left without lines.
    static let maximum = 1 << 15
    /// Modules whose time is remembered; then all are equal again.
    static let maximumModules = 4096

    private var waiting: [ModuleID: [(address: UInt64, name: FrameName)]] = [:]
    private var spent: [ModuleID: UInt64] = [:]
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
        waiting[module, default: []].append(contentsOf: room)
        count += room.count
    }

    /// Takes all frames of the module whose turn it is.
    mutating func next() -> (module: ModuleID, frames: [(address: UInt64, name: FrameName)])? {
        let turn = waiting.keys.min { (spent[$0] ?? 0, $0.rawValue) < (spent[$1] ?? 0, $1.rawValue) }
        guard let module = turn, let frames = waiting.removeValue(forKey: module) else { return nil }
        count -= frames.count
        return (module, frames)
    }

    /// Notes the CPU time that a turn of a module took, ns.
    mutating func charge(_ module: ModuleID, _ nanoseconds: UInt64) {
        if spent.count >= Self.maximumModules { spent = [:] }
        spent[module, default: 0] &+= nanoseconds
    }

    private static func lacksLine(_ name: FrameName) -> Bool {
        switch name {
        case .lines(let lines): lines.count == 1 && lines[0].line == 0
        case .unnamed(let reason): reason == .stripped || reason == .noSymbol
        }
    }
}
