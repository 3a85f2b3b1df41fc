public import Model

/// Makes a diff out of the profiles of both sides, which it takes one after the other and keeps as sums only.
public struct DiffBuilder: Sendable {
    /// Before or after.
    public enum Side: Sendable { case base, to }

    /// Most nodes that are kept unless asked for.
    public static let defaultMaximumNodes = FlameTree.defaultMaximumNodes

    private let normalization: DiffNormalization
    private let title: String
    private let levels: [FlameTree.Level]
    private var tree: FunctionTree?
    private var base = DiffSide()
    private var to = DiffSide()
    private var baseParts: [DiffPart] = []
    private var toParts: [DiffPart] = []

    /// - Parameters:
    ///   - title: name of the node that stands for the whole.
    ///   - levels: groups above the functions.
    public init(_ normalization: DiffNormalization, title: String, levels: [FlameTree.Level] = []) {
        self.normalization = normalization
        self.title = title
        self.levels = levels
    }

    /// Adds a part of a side: of one window all parts, disjoint and in the order of time, or the whole at once.
    public mutating func add(_ profile: Profile, to side: Side) {
        let table = FunctionTable(profile)
        var tree = self.tree.take() ?? FunctionTree(table, title: title)
        var sums: [Int: DiffEntry] = [:]
        tree.add(profile, table, levels: levels) { node, sample in
            let square = sample.count > 0 ? sample.weight * sample.weight / Double(sample.count) : 0
            Self.count(&sums[node, default: DiffEntry(node: node, count: 0, weight: 0, square: 0)], sample, square)
        }
        self.tree = tree
        let length = max(0, profile.endTime.subtractingReportingOverflow(profile.startTime).partialValue)
        let part = DiffPart(nanoseconds: Double(length), entries: sums.values.sorted { $0.node < $1.node })
        switch side {
        case .base:
            base.add(profile, seconds: Double(length) / 1e9)
            baseParts.append(part)
        case .to:
            to.add(profile, seconds: Double(length) / 1e9)
            toParts.append(part)
        }
    }

    private static func count(_ entry: inout DiffEntry, _ sample: ProfileSample, _ square: Double) {
        entry.count += sample.count
        entry.weight += sample.weight
        entry.square += square
    }

    /// The diff of what was added. O((nodes + functions) × parts).
    public consuming func finish(maximumNodes: Int = DiffBuilder.defaultMaximumNodes) -> Diff {
        let nothing = Profile(kind: .cpu, startTime: 0, endTime: 0, period: 0)
        let tree = tree ?? FunctionTree(FunctionTable(nothing), title: title)
        let quantities = DiffQuantities(tree)
        let before = DiffEstimate(baseParts, quantities, normalization, meanWeight: to.meanWeight)
        let after = DiffEstimate(toParts, quantities, normalization, meanWeight: base.meanWeight)
        base.parts = before.degreesOfFreedom.isFinite ? baseParts.count : 0
        to.parts = after.degreesOfFreedom.isFinite ? toParts.count : 0
        let comparison = DiffComparison(tree: tree, quantities: quantities, base: before, to: after)
        let nodes = comparison.nodes(maximum: maximumNodes)
        return Diff(
            normalization: normalization, base: base, to: to, names: tree.functions, nodes: nodes,
            droppedNodes: tree.nodes.count - nodes.count, functions: comparison.functions())
    }
}

extension DiffSide {
    fileprivate var meanWeight: Double { truth.samples > 0 ? weight / Double(truth.samples) : 0 }

    fileprivate mutating func add(_ profile: Profile, seconds: Double) {
        let isFirst = startTime == 0 && endTime == 0
        kind = profile.kind
        startTime = isFirst ? profile.startTime : min(startTime, profile.startTime)
        endTime = max(endTime, profile.endTime)
        weight += profile.samples.reduce(0) { $0 + $1.weight }
        self.seconds += seconds
        truth.add(profile.truth)
        period = truth.samples > 0 ? Int64(meanWeight.rounded()) : profile.period
    }
}

extension ProfileTruth {
    fileprivate mutating func add(_ other: ProfileTruth) {
        samples &+= other.samples
        lost &+= other.lost
        truncated &+= other.truncated
        completed &+= other.completed
        broken &+= other.broken
        unnamed &+= other.unnamed
    }
}

/// Both sides, and the rows of an answer out of them.
struct DiffComparison {
    let tree: FunctionTree
    let quantities: DiffQuantities
    let base: DiffEstimate
    let to: DiffEstimate

    /// The values at some places, p-values adjusted together.
    private func values(_ places: [Int]) -> [DiffValue] {
        var values = places.map { DiffEstimate.compare(base, to, at: $0) }
        let tested = places.indices.filter {
            base.counts[places[$0]] + to.counts[places[$0]] >= Double(Significance.fewestSamples)
        }
        let adjusted = Significance.adjusted(tested.map { values[$0].adjusted })
        for index in values.indices { values[index].adjusted = 1 }
        for (index, value) in zip(tested, adjusted) { values[index].adjusted = value }
        return values
    }

    /// Functions that differ, the largest difference of self first.
    func functions() -> [DiffFunction] {
        let functions = tree.functions.indices.filter { tree.functions[$0].kind != .group }
        let all = values(functions.map { quantities.own($0) } + functions.map { quantities.total($0) })
        let rows = functions.indices.map { index in
            DiffFunction(
                function: tree.functions[functions[index]], own: all[index], total: all[functions.count + index])
        }
        return rows.filter { $0.own.delta != 0 || $0.total.delta != 0 }.sorted(by: Self.precedes)
    }

    private static func precedes(_ a: DiffFunction, _ b: DiffFunction) -> Bool {
        let first = (abs(a.own.delta), abs(a.total.delta))
        let second = (abs(b.own.delta), abs(b.total.delta))
        if first != second { return first > second }
        return (a.function.name, a.function.module) < (b.function.name, b.function.module)
    }

    /// The heaviest paths, depth first.
    func nodes(maximum: Int) -> [DiffNode] {
        let count = quantities.nodeCount
        let weights = (0..<count).map { base.values[$0] + to.values[$0] }
        let kept = FunctionTree.heaviest(weights[...], maximum: maximum)
        let values = values(Array(0..<count))
        let own = ownValues()
        return tree.depthFirst(keeping: kept.isKept) { tree.precedesByName($0, $1) }.map { index, parent in
            let node = tree.nodes[index]
            return DiffNode(
                function: node.function, parent: parent, depth: node.depth, inlined: node.inlined, total: values[index],
                ownBase: max(0, own.base[index]), ownValue: max(0, own.to[index]), baseCount: Int64(base.counts[index]),
                count: Int64(to.counts[index]))
        }
    }

    /// What lies at each node itself: its total without its children's.
    private func ownValues() -> (base: [Double], to: [Double]) {
        var own = (base: Array(base.values[..<quantities.nodeCount]), to: Array(to.values[..<quantities.nodeCount]))
        for node in 1..<max(1, quantities.nodeCount) {
            let parent = Int(tree.nodes[node].parent)
            own.base[parent] -= base.values[node]
            own.to[parent] -= to.values[node]
        }
        return own
    }
}
