public import Model

/// A profile merged by function: what flame graphs draw. Weights of a node contain those of its children.
public struct FlameTree: Sendable {
    /// One rectangle of the graph.
    public struct Node: Hashable, Sendable {
        /// Index into ``FlameTree/functions``.
        public var function: Int32
        /// Index of the caller, −1 for node 0.
        public var parent: Int32
        /// 0 for node 0.
        public var depth: Int32
        /// Whether every frame merged here was inlined into its caller.
        public var inlined: Bool
        /// Samples here and below.
        public var count: Int64 = 0
        /// Weight here and below, in the unit of the profile's kind.
        public var weight: Double = 0
        /// Samples exactly here.
        public var selfCount: Int64 = 0
        /// Weight exactly here.
        public var selfWeight: Double = 0
    }

    /// A level above the first function.
    public enum Level: Hashable, Sendable { case target, process, thread }

    /// How children are ordered from left to right.
    public enum Order: Hashable, Sendable { case name, weight }

    /// Distinct functions and groups.
    public let functions: [Function]
    /// Depth-first: a node comes after its parent and before its parent's next child. Node 0 is the whole profile.
    public let nodes: [Node]
    /// Nodes left out because the tree was larger than asked for; their weight stays in their parents.
    public let droppedNodes: Int
    /// Share of the whole, 0…1, that the largest of the nodes left out had; 0 when none was.
    public let minimumShare: Double

    /// Largest tree that is made unless asked for: what a browser still draws at once.
    public static let defaultMaximumNodes = 20_000

    /// Levels that fit a question: for the whole host who it is, for one target which of its processes.
    public static func levels(for selector: TargetSelector, of profile: Profile, threads: Bool = false) -> [Level] {
        var levels: [Level] = []
        if selector == .all {
            levels = [.target, .process]
        } else if Set(profile.contexts.map(\.comm)).count > 1 {
            levels = [.process]
        }
        return threads ? levels + [.thread] : levels
    }

    /// Merges a profile. O(trie nodes × contexts that share them).
    public init(
        _ profile: Profile, title: String = "all", levels: [Level], order: Order = .name,
        maximumNodes: Int = FlameTree.defaultMaximumNodes
    ) {
        var growth = FlameGrowth(profile, title: title)
        growth.grow(profile, levels: levels)
        let kept = growth.keep(maximumNodes)
        functions = growth.functions
        nodes = growth.ordered(order, keeping: kept.isKept)
        droppedNodes = growth.nodes.count - nodes.count
        minimumShare = kept.share
    }

    /// Functions from a node to the outermost function, leaf first, without groups.
    public func path(to index: Int) -> [Function] {
        var result: [Function] = []
        var index = index
        while index > 0 {
            let function = functions[Int(nodes[index].function)]
            if function.kind != .group { result.append(function) }
            index = Int(nodes[index].parent)
        }
        return result
    }
}

/// The tree while it grows: nodes in the order in which they were first met, parents before children.
struct FlameGrowth {
    private var tree: FunctionTree
    private let table: FunctionTable
    private(set) var nodes: [FlameTree.Node] = []
    var functions: [Function] { tree.functions }

    init(_ profile: Profile, title: String) {
        table = FunctionTable(profile)
        tree = FunctionTree(table, title: title)
    }

    /// Adds all samples, then sums up.
    mutating func grow(_ profile: Profile, levels: [FlameTree.Level]) {
        var sums: [Int: (count: Int64, weight: Double)] = [:]
        tree.add(profile, table, levels: levels) { node, sample in
            sums[node, default: (0, 0)].count += sample.count
            sums[node, default: (0, 0)].weight += sample.weight
        }
        nodes = tree.nodes.map {
            FlameTree.Node(function: $0.function, parent: $0.parent, depth: $0.depth, inlined: $0.inlined)
        }
        for (node, sum) in sums {
            (nodes[node].selfCount, nodes[node].selfWeight) = (sum.count, sum.weight)
            (nodes[node].count, nodes[node].weight) = (sum.count, sum.weight)
        }
        for index in nodes.indices.dropFirst().reversed() {
            let parent = Int(nodes[index].parent)
            nodes[parent].count += nodes[index].count
            nodes[parent].weight += nodes[index].weight
        }
    }

    /// Which nodes stay, and the share of the heaviest that does not.
    func keep(_ maximum: Int) -> (isKept: [Bool], share: Double) {
        let kept = FunctionTree.heaviest(nodes.map(\.weight)[...], maximum: maximum)
        let whole = nodes[0].weight
        return (kept.isKept, whole > 0 ? kept.left / whole : 0)
    }

    /// The kept nodes, depth first.
    func ordered(_ order: FlameTree.Order, keeping isKept: [Bool]) -> [FlameTree.Node] {
        tree.depthFirst(keeping: isKept) { precedes($0, $1, order) }.map { index, parent in
            var node = nodes[index]
            node.parent = parent
            return node
        }
    }

    private func precedes(_ a: Int, _ b: Int, _ order: FlameTree.Order) -> Bool {
        if order == .weight, nodes[a].weight != nodes[b].weight { return nodes[a].weight > nodes[b].weight }
        return tree.precedesByName(a, b)
    }
}
