import Model

/// Which stacks pass a filter: each frame and each node of the trie is looked at once.
struct StackFilter {
    let filter: ProfileFilter
    private var frames: [UInt32: Bool] = [:]
    /// Whether a frame at the node or at one of its callers lets stacks pass.
    private var nodes: [UInt32: Bool] = [0: false]

    init(_ filter: ProfileFilter) { self.filter = filter }

    /// Whether the stack that ends at the node contains what the filter asks for. Iterative: stacks are deep.
    mutating func passes(_ number: UInt32, in snapshot: Snapshot, _ modules: [ModuleID: ModuleInfo]) -> Bool {
        guard filter.asksForFrames else { return true }
        var path: [UInt32] = []
        var current = number
        while nodes[current] == nil {
            path.append(current)
            current = UInt32(bitPattern: snapshot.nodes[Int(current)].parent)
        }
        var result = nodes[current] ?? false
        for node in path.reversed() {
            let frame = UInt32(bitPattern: snapshot.nodes[Int(node)].frame)
            result = result || passes(frame: frame, in: snapshot, modules)
            nodes[node] = result
        }
        return result
    }

    private mutating func passes(
        frame number: UInt32, in snapshot: Snapshot, _ modules: [ModuleID: ModuleInfo]
    ) -> Bool {
        if let known = frames[number] { return known }
        let key = snapshot.keys[Int(number)]
        let module = modules[key.module] ?? .unknown
        let result = filter.matches(snapshot.names[Int(number)], address: key.address, module: module)
        frames[number] = result
        return result
    }
}

extension ModuleInfo {
    /// Of frames whose module the sampler never announced.
    static let unknown = ModuleInfo(kind: .unknown, path: "[unknown]", buildID: "")
}
