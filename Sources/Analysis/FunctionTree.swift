import Model

/// Stacks of functions as paths from a root, of one profile or of several: the same path has one number in all of them.
struct FunctionTree {
    /// One path.
    struct Node {
        /// Index into ``FunctionTree/functions``.
        var function: Int32
        /// Index of the caller, −1 for node 0; smaller than the node's own.
        var parent: Int32
        /// 0 for node 0.
        var depth: Int32
        /// Whether every frame merged here was inlined into its caller.
        var inlined: Bool
    }

    private(set) var functions: [Function]
    private(set) var nodes: [Node]
    private var numbers: [Function: Int32] = [:]
    private var children: [UInt64: Int32] = [:]

    /// A tree of only the root, which stands for the whole.
    ///
    /// - Parameter table: functions that get their numbers first.
    init(_ table: FunctionTable, title: String) {
        functions = table.functions
        for (index, function) in functions.enumerated() { numbers[function] = Int32(index) }
        functions.append(Function(name: title, module: "", kind: .group))
        nodes = [Node(function: Int32(functions.count - 1), parent: -1, depth: 0, inlined: false)]
    }

    /// Adds the stacks of a profile and tells the node of each sample.
    mutating func add(
        _ profile: Profile, _ table: FunctionTable, levels: [FlameTree.Level],
        _ visit: (_ node: Int, _ sample: ProfileSample) -> Void
    ) {
        let functions = table.functions.map { number(of: $0) }
        let roots = profile.contexts.map { root(of: $0, levels: levels) }
        var places: [UInt64: Int32] = [:]
        for sample in profile.samples {
            let root = roots[Int(sample.context)]
            var place = root
            var missing: [Int32] = []
            var current = sample.node
            while current > 0 {
                if let known = places[Self.key(root, current)] {
                    place = known
                    break
                }
                missing.append(current)
                current = profile.nodes[Int(current)].parent
            }
            for node in missing.reversed() {
                place = extend(place, by: table.functions(ofFrame: profile.nodes[Int(node)].frame), functions)
                places[Self.key(root, node)] = place
            }
            visit(Int(place), sample)
        }
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
            let group = Function(name: name.isEmpty ? "[unknown]" : name, module: "", kind: .group)
            node = child(of: node, number(of: group), inlined: false)
        }
        return node
    }

    private mutating func number(of function: Function) -> Int32 {
        if let known = numbers[function] { return known }
        let number = Int32(functions.count)
        functions.append(function)
        numbers[function] = number
        return number
    }

    /// The node below by the functions of one frame, of which the innermost comes first.
    private mutating func extend(_ place: Int32, by frame: ArraySlice<Int32>, _ functions: [Int32]) -> Int32 {
        var place = place
        for (offset, function) in frame.reversed().enumerated() {
            place = child(of: place, functions[Int(function)], inlined: offset > 0)
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
        nodes.append(Node(function: function, parent: parent, depth: depth, inlined: inlined))
        children[key] = index
        return index
    }

    private static func key(_ high: Int32, _ low: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: high)) << 32 | UInt64(UInt32(bitPattern: low))
    }
}

extension FunctionTree {
    /// Which nodes have no caller of the same function, so that sums over them count a recursion once.
    func outermost() -> [Bool] {
        var result = [Bool](repeating: false, count: nodes.count)
        var open = [Int32](repeating: 0, count: functions.count)
        let below = childLists()
        var pending: [Int] = [0]
        while let entry = pending.popLast() {
            // A node's complement closes it.
            if entry < 0 {
                open[Int(nodes[~entry].function)] -= 1
                continue
            }
            let function = Int(nodes[entry].function)
            result[entry] = open[function] == 0
            open[function] += 1
            pending.append(~entry)
            pending.append(contentsOf: below[entry])
        }
        return result
    }

    /// The children of each node.
    func childLists() -> [[Int]] {
        var below = [[Int]](repeating: [], count: nodes.count)
        for index in nodes.indices.dropFirst() { below[Int(nodes[index].parent)].append(index) }
        return below
    }

    /// Nodes depth first, callers before callees, with the index of the caller in the result.
    func depthFirst(
        keeping isKept: [Bool], _ precedes: (Int, Int) -> Bool
    ) -> [(index: Int, parent: Int32)] {
        let below = childLists()
        var result: [(index: Int, parent: Int32)] = []
        var pending: [(index: Int, parent: Int32)] = [(0, -1)]
        while let entry = pending.popLast() {
            let place = Int32(result.count)
            result.append(entry)
            let sorted = below[entry.index].filter { isKept[$0] }.sorted(by: precedes)
            pending.append(contentsOf: sorted.reversed().map { ($0, place) })
        }
        return result
    }

    /// The heaviest nodes, and the one met first among equals, so that no node stays without its parent; and the
    /// weight of the heaviest that is left out.
    static func heaviest(_ weights: ArraySlice<Double>, maximum: Int) -> (isKept: [Bool], left: Double) {
        let limit = max(1, maximum)
        guard weights.count > limit else { return ([Bool](repeating: true, count: weights.count), 0) }
        let ranked = weights.indices.sorted { (-weights[$0], $0) < (-weights[$1], $1) }
        var isKept = [Bool](repeating: false, count: weights.count)
        for index in ranked.prefix(limit) { isKept[index - weights.startIndex] = true }
        return (isKept, weights[ranked[limit]])
    }

    /// By name, then module, then in the order in which nodes were met.
    func precedesByName(_ a: Int, _ b: Int) -> Bool {
        let first = functions[Int(nodes[a].function)]
        let second = functions[Int(nodes[b].function)]
        return (first.name, first.module, a) < (second.name, second.module, b)
    }
}
