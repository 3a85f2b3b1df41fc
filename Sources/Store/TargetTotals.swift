import Model

/// Counters by target that never fall: CPU time, stacks by their end, the hottest functions.
struct TargetTotals {
    /// Targets with series of their own; the rest is counted as `other`.
    static let maximumTargets = 200
    /// How long a target without samples keeps its series, ns.
    static let expiry: UInt64 = 3_600_000_000_000
    static let other = "other"

    struct Totals {
        var userNanoseconds = 0.0
        var kernelNanoseconds = 0.0
        var ends = [UInt64](repeating: 0, count: EndCode.labels.count)
        var functions = HotFunctions()
        var lastSample: UInt64 = 0
    }

    private(set) var targets: [String: Totals] = [:]
    /// Samples whose leaf has no name, by reason.
    private(set) var unnamed: [UnnamedReason: UInt64] = [:]

    mutating func add(_ slot: Slot, snapshot: Snapshot, modules: [ModuleID: ModuleInfo]) {
        expire(now: slot.end)
        var used: Set<String> = []
        for entry in slot.entries {
            guard let context = snapshot.contexts[entry.key.context] else { continue }
            let name = seriesName(context.target)
            used.insert(name)
            add(entry, to: name, at: slot.end, snapshot: snapshot, modules: modules)
        }
        for name in used { targets[name]?.functions.rank(at: slot.end) }
    }

    /// The first 200 targets get series; a free place goes to the next target that comes.
    private mutating func seriesName(_ target: String) -> String {
        if targets[target] != nil { return target }
        let named = targets.count - (targets[Self.other] == nil ? 0 : 1)
        let name = named < Self.maximumTargets ? target : Self.other
        if targets[name] == nil { targets[name] = Totals() }
        return name
    }

    private mutating func add(
        _ entry: SlotEntry, to name: String, at time: UInt64, snapshot: Snapshot, modules: [ModuleID: ModuleInfo]
    ) {
        let node = snapshot.nodes[Int(entry.key.node)]
        let frame = Int(node.frame)
        let key = frame >= 0 ? snapshot.keys[frame] : FrameKey(module: .unknown, address: 0)
        let frameName = frame >= 0 ? snapshot.names[frame] : .unnamed(.noMapping)
        if key.module == .kernel {
            targets[name]?.kernelNanoseconds += entry.weight
        } else {
            targets[name]?.userNanoseconds += entry.weight
        }
        targets[name]?.ends[Int(entry.key.end)] += UInt64(entry.count)
        targets[name]?.lastSample = time
        let module = modules[key.module]?.name ?? ""
        let function = function(frameName)
        targets[name]?.functions.add(entry.weight, function: function, module: module)
        if case .unnamed(let reason) = frameName { unnamed[reason, default: 0] += UInt64(entry.count) }
    }

    /// The function that the symbol table names: what was inlined into it becomes known later, and a counter that has
    /// counted cannot give back. Unnamed frames of a module are one function: their addresses would be series without
    /// bound.
    private func function(_ name: FrameName) -> String {
        if case .lines(let lines) = name, let outermost = lines.last { return outermost.function }
        return "[unnamed]"
    }

    private mutating func expire(now: UInt64) {
        targets = targets.filter { $0.value.lastSample &+ Self.expiry > now || $0.key == Self.other }
    }
}
