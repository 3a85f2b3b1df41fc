/// Samples of one part of a window at one node of the tree.
struct DiffEntry {
    var node: Int
    var count: Int64
    /// Sum of the weights.
    var weight: Double
    /// Sum of the squares of the weights, as far as equal samples were not summed before: at least that of so many
    /// equal weights.
    var square: Double
}

/// One part of a window.
struct DiffPart {
    /// How long it lasted.
    var nanoseconds: Double
    var entries: [DiffEntry]
}

/// Everything that a diff looks at, as one row of numbers: what lies at or below each node, then each function itself,
/// then each function with what it called.
struct DiffQuantities {
    private let parents: [Int]
    private let functions: [Int]
    private let outermost: [Bool]
    let functionCount: Int

    init(_ tree: FunctionTree) {
        parents = tree.nodes.map { Int($0.parent) }
        functions = tree.nodes.map { Int($0.function) }
        outermost = tree.outermost()
        functionCount = tree.functions.count
    }

    var nodeCount: Int { parents.count }
    var count: Int { nodeCount + 2 * functionCount }
    func own(_ function: Int) -> Int { nodeCount + function }
    func total(_ function: Int) -> Int { nodeCount + functionCount + function }

    /// The row of some samples. O(count).
    func row(_ entries: [DiffEntry], _ value: (DiffEntry) -> Double) -> [Double] {
        var row = [Double](repeating: 0, count: count)
        for entry in entries {
            row[entry.node] += value(entry)
            row[own(functions[entry.node])] += value(entry)
        }
        for node in stride(from: nodeCount - 1, to: 0, by: -1) { row[parents[node]] += row[node] }
        for node in 0..<nodeCount where outermost[node] { row[total(functions[node])] += row[node] }
        return row
    }
}
