import Model

/// Sums slots over the steps of a series.
struct SeriesBuilder {
    private let query: SeriesQuery
    private let snapshot: Snapshot
    private var grid: SeriesGrid
    /// Row of each context; `nil` for those that were not asked for.
    private var rows: [UInt32: String?] = [:]
    private let modules: [ModuleID: ModuleInfo]
    private var stacks: StackFilter

    init(_ query: SeriesQuery, snapshot: Snapshot, modules: [ModuleID: ModuleInfo], grid: SeriesGrid) {
        self.query = query
        self.snapshot = snapshot
        self.modules = modules
        self.grid = grid
        stacks = StackFilter(query.filter)
    }

    private mutating func row(of context: UInt32) -> String? {
        if let known = rows[context] { return known }
        var row: String?
        if let context = snapshot.contexts[context], query.filter.matches(context) {
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
        for entry in slot.entries {
            guard let row = row(of: entry.key.context), stacks.passes(entry.key.node, in: snapshot, modules) else {
                continue
            }
            sums[row, default: 0] += query.name == .cpu ? entry.weight : Double(entry.count)
        }
        for (row, sum) in sums { grid.add(sum, row: row, from: start, to: end) }
    }

    /// What was added so far.
    consuming func finish() -> SeriesGrid { grid }
}
