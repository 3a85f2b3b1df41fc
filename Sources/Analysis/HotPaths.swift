public import Model

/// What one function costs.
public struct HotFunction: Hashable, Sendable {
    /// Which function.
    public var function: Function
    /// Samples in the function itself.
    public var selfCount: Int64 = 0
    /// Weight in the function itself, in the unit of the profile's kind.
    public var selfWeight: Double = 0
    /// Samples in the function or in what it called; a recursion is counted once.
    public var totalCount: Int64 = 0
    /// Weight in the function or in what it called; a recursion is counted once.
    public var totalWeight: Double = 0

    init(_ function: Function) { self.function = function }
}

/// One stack of functions and what was seen exactly there.
public struct HotPath: Hashable, Sendable {
    /// Leaf first.
    public var functions: [Function]
    /// Samples of exactly this stack.
    public var count: Int64
    /// Weight of exactly this stack, in the unit of the profile's kind.
    public var weight: Double
}

/// How a list of functions is ordered.
public enum HotOrder: String, Sendable, CaseIterable {
    case bySelf = "self"
    case byTotal = "total"
}

/// The hottest functions and stacks of a profile.
public enum HotPaths {
    /// The costliest functions, the hottest first; ties go by name. O(trie nodes + samples).
    ///
    /// - Parameter limit: at most so many, all of them by default.
    public static func functions(
        of profile: Profile, by order: HotOrder = .bySelf, limit: Int = .max
    ) -> [HotFunction] {
        let table = FunctionTable(profile)
        var hot = table.functions.map(HotFunction.init)
        addSelf(of: profile, table: table, to: &hot)
        addTotals(of: profile, table: table, to: &hot)
        let seen = hot.filter { $0.totalCount > 0 || $0.totalWeight > 0 }
        return Array(seen.sorted { precedes($0, $1, order) }.prefix(max(0, limit)))
    }

    /// The stacks in which most was seen, the hottest first. Stacks with the same functions are one path.
    public static func paths(of profile: Profile, limit: Int = 10) -> [HotPath] {
        let tree = FlameTree(profile, levels: [], maximumNodes: .max)
        let leaves = tree.nodes.indices.filter { tree.nodes[$0].selfWeight > 0 && $0 > 0 }
        let hottest = leaves.sorted { tree.nodes[$0].selfWeight > tree.nodes[$1].selfWeight }.prefix(max(0, limit))
        return hottest.map { index in
            let node = tree.nodes[index]
            return HotPath(functions: tree.path(to: index), count: node.selfCount, weight: node.selfWeight)
        }
    }

    private static func precedes(_ a: HotFunction, _ b: HotFunction, _ order: HotOrder) -> Bool {
        let first = order == .bySelf ? (a.selfWeight, a.totalWeight) : (a.totalWeight, a.selfWeight)
        let second = order == .bySelf ? (b.selfWeight, b.totalWeight) : (b.totalWeight, b.selfWeight)
        if first != second { return first > second }
        return (a.function.name, a.function.module) < (b.function.name, b.function.module)
    }

    private static func addSelf(of profile: Profile, table: FunctionTable, to hot: inout [HotFunction]) {
        for sample in profile.samples {
            let frame = profile.nodes[Int(sample.node)].frame
            guard frame >= 0, let leaf = table.functions(ofFrame: frame).first else { continue }
            hot[Int(leaf)].selfCount += sample.count
            hot[Int(leaf)].selfWeight += sample.weight
        }
    }

    /// Walks the trie once and adds a node's weight to a function only where the function is not yet on the path.
    private static func addTotals(of profile: Profile, table: FunctionTable, to hot: inout [HotFunction]) {
        let trie = InclusiveTrie(profile)
        var open = [Int32](repeating: 0, count: hot.count)
        trie.walk { node, entering in
            let frame = profile.nodes[node].frame
            guard frame >= 0 else { return }
            for function in table.functions(ofFrame: frame).reversed().map({ Int($0) }) {
                if !entering {
                    open[function] -= 1
                    continue
                }
                open[function] += 1
                guard open[function] == 1 else { continue }
                hot[function].totalCount += trie.counts[node]
                hot[function].totalWeight += trie.weights[node]
            }
        }
    }
}

/// The stack trie of a profile with what lies at or below each node.
struct InclusiveTrie {
    private(set) var counts: [Int64]
    private(set) var weights: [Double]
    private var firstChild: [Int32]
    private var nextSibling: [Int32]

    init(_ profile: Profile) {
        let size = profile.nodes.count
        counts = [Int64](repeating: 0, count: size)
        weights = [Double](repeating: 0, count: size)
        firstChild = [Int32](repeating: -1, count: size)
        nextSibling = [Int32](repeating: -1, count: size)
        for sample in profile.samples {
            counts[Int(sample.node)] += sample.count
            weights[Int(sample.node)] += sample.weight
        }
        for node in stride(from: size - 1, to: 0, by: -1) {
            let parent = Int(profile.nodes[node].parent)
            counts[parent] += counts[node]
            weights[parent] += weights[node]
            nextSibling[node] = firstChild[parent]
            firstChild[parent] = Int32(node)
        }
    }

    /// Visits every node on the way down (`true`) and on the way up (`false`), without recursion.
    func walk(_ visit: (_ node: Int, _ entering: Bool) -> Void) {
        guard !counts.isEmpty else { return }
        var path: [Int] = [0]
        var pending = [firstChild[0]]
        visit(0, true)
        while let node = path.last {
            let child = pending[pending.count - 1]
            if child < 0 {
                visit(node, false)
                path.removeLast()
                pending.removeLast()
                continue
            }
            pending[pending.count - 1] = nextSibling[Int(child)]
            visit(Int(child), true)
            path.append(Int(child))
            pending.append(firstChild[Int(child)])
        }
    }
}
