import Model

/// Sums slots over the steps of a series.
struct SeriesBuilder {
    private let query: SeriesQuery
    private let snapshot: Snapshot
    private var grid: SeriesGrid
    /// Row of each context; `nil` for those that were not asked for.
    private var rows: [UInt32: String?] = [:]
    /// Whether the stack of each node contains the function; empty when none was asked for.
    private let isWanted: [Bool]

    init(_ query: SeriesQuery, snapshot: Snapshot, grid: SeriesGrid) {
        self.query = query
        self.snapshot = snapshot
        self.grid = grid
        isWanted = query.function.map { Self.nodes(with: $0, in: snapshot) } ?? []
    }

    /// Callers have smaller numbers than what they call, so that one pass is enough.
    private static func nodes(with function: String, in snapshot: Snapshot) -> [Bool] {
        let matches = snapshot.names.map { name in
            if case .lines(let lines) = name { lines.contains { $0.function == function } } else { false }
        }
        var wanted = [Bool](repeating: false, count: snapshot.nodes.count)
        for number in 1..<max(1, wanted.count) {
            let node = snapshot.nodes[number]
            wanted[number] = wanted[Int(node.parent)] || matches[Int(node.frame)]
        }
        return wanted
    }

    private mutating func row(of context: UInt32) -> String? {
        if let known = rows[context] { return known }
        var row: String?
        if let context = snapshot.contexts[context] {
            switch query.scope {
            case .eachTarget: row = context.target
            case .selected(let selector): row = selector.matches(context) ? selector.description : nil
            }
        }
        rows[context] = .some(row)
        return row
    }

    /// Adds a slot that starts at a time of the wall clock.
    mutating func add(_ slot: Slot, at start: Int64) {
        let end = start &+ Int64(Slot.length)
        grid.cover(from: start, to: end)
        guard query.name != .lost else {
            grid.add(Double(slot.lost), row: TargetSelector.all.description, from: start, to: end)
            return
        }
        var sums: [String: Double] = [:]
        for entry in slot.entries where isWanted.isEmpty || isWanted[Int(entry.key.node)] {
            guard let row = row(of: entry.key.context) else { continue }
            sums[row, default: 0] += query.name == .cpu ? entry.weight : Double(entry.count)
        }
        for (row, sum) in sums { grid.add(sum, row: row, from: start, to: end) }
    }

    /// What was added so far.
    consuming func finish() -> SeriesGrid { grid }
}
