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
    private(set) var functions: [Function]
    private(set) var nodes: [FlameTree.Node]
    private var children: [UInt64: Int32] = [:]
    private var groups: [Function: Int32] = [:]
    private let table: FunctionTable

    init(_ profile: Profile, title: String) {
        table = FunctionTable(profile)
        functions = table.functions
        let root = Function(name: title, module: "", kind: .group)
        functions.append(root)
        nodes = [FlameTree.Node(function: Int32(functions.count - 1), parent: -1, depth: 0, inlined: false)]
    }

    /// Adds all samples, then sums up.
    mutating func grow(_ profile: Profile, levels: [FlameTree.Level]) {
        let roots = profile.contexts.map { root(of: $0, levels: levels) }
        var places: [UInt64: Int32] = [:]
        for sample in profile.samples {
            let root = roots[Int(sample.context)]
            let place = place(of: sample.node, below: root, in: profile, &places)
            nodes[Int(place)].selfCount += sample.count
            nodes[Int(place)].selfWeight += sample.weight
        }
        for index in nodes.indices {
            nodes[index].count = nodes[index].selfCount
            nodes[index].weight = nodes[index].selfWeight
        }
        for index in nodes.indices.dropFirst().reversed() {
            let parent = Int(nodes[index].parent)
            nodes[parent].count += nodes[index].count
            nodes[parent].weight += nodes[index].weight
        }
    }

    /// Which nodes stay: the heaviest, and the one met first among equals, so that no node stays without its parent.
    func keep(_ maximum: Int) -> (isKept: [Bool], share: Double) {
        let limit = max(1, maximum)
        guard nodes.count > limit else { return ([Bool](repeating: true, count: nodes.count), 0) }
        let ranked = nodes.indices.sorted { (-nodes[$0].weight, $0) < (-nodes[$1].weight, $1) }
        var isKept = [Bool](repeating: false, count: nodes.count)
        for index in ranked.prefix(limit) { isKept[index] = true }
        let whole = nodes[0].weight
        return (isKept, whole > 0 ? nodes[ranked[limit]].weight / whole : 0)
    }

    /// The kept nodes, depth first.
    func ordered(_ order: FlameTree.Order, keeping isKept: [Bool]) -> [FlameTree.Node] {
        var below = [[Int]](repeating: [], count: nodes.count)
        for index in nodes.indices.dropFirst() where isKept[index] { below[Int(nodes[index].parent)].append(index) }
        var result: [FlameTree.Node] = []
        var pending: [(index: Int, parent: Int32)] = [(0, -1)]
        while let (index, parent) = pending.popLast() {
            var node = nodes[index]
            node.parent = parent
            let place = Int32(result.count)
            result.append(node)
            let sorted = below[index].sorted { precedes($0, $1, order) }
            pending.append(contentsOf: sorted.reversed().map { ($0, place) })
        }
        return result
    }

    private func precedes(_ a: Int, _ b: Int, _ order: FlameTree.Order) -> Bool {
        if order == .weight, nodes[a].weight != nodes[b].weight { return nodes[a].weight > nodes[b].weight }
        let first = functions[Int(nodes[a].function)]
        let second = functions[Int(nodes[b].function)]
        return (first.name, first.module, a) < (second.name, second.module, b)
    }

    private mutating func root(of context: SampleContext, levels: [FlameTree.Level]) -> Int32 {
        var node: Int32 = 0
        for level in levels {
            let name =
                switch level {
                case .target: context.target
                case .process: context.comm
                case .thread: context.thread
                }
            node = child(of: node, group(name.isEmpty ? "[unknown]" : name), inlined: false)
        }
        return node
    }

    private mutating func group(_ name: String) -> Int32 {
        let function = Function(name: name, module: "", kind: .group)
        if let index = groups[function] { return index }
        let index = Int32(functions.count)
        functions.append(function)
        groups[function] = index
        return index
    }

    /// The tree node of a trie node below a group, made with all its callers when it is met first.
    private mutating func place(
        of node: Int32, below root: Int32, in profile: Profile, _ places: inout [UInt64: Int32]
    ) -> Int32 {
        var missing: [Int32] = []
        var place = root
        var current = node
        while current > 0 {
            if let known = places[Self.key(root, current)] {
                place = known
                break
            }
            missing.append(current)
            current = profile.nodes[Int(current)].parent
        }
        for node in missing.reversed() {
            place = extend(place, byFrame: profile.nodes[Int(node)].frame)
            places[Self.key(root, node)] = place
        }
        return place
    }

    private mutating func extend(_ place: Int32, byFrame frame: Int32) -> Int32 {
        let functions = table.functions(ofFrame: frame)
        var place = place
        for (offset, function) in functions.reversed().enumerated() {
            place = child(of: place, function, inlined: offset > 0)
        }
        return place
    }

    private mutating func child(of parent: Int32, _ function: Int32, inlined: Bool) -> Int32 {
        let key = Self.key(parent, function)
        if let index = children[key] {
            if !inlined { nodes[Int(index)].inlined = false }
            return index
        }
        let index = Int32(nodes.count)
        let depth = nodes[Int(parent)].depth + 1
        nodes.append(FlameTree.Node(function: function, parent: parent, depth: depth, inlined: inlined))
        children[key] = index
        return index
    }

    private static func key(_ high: Int32, _ low: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: high)) << 32 | UInt64(UInt32(bitPattern: low))
    }
}
