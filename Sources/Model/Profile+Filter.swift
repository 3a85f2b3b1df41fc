extension Profile {
    /// The samples that pass, with everything else as it was. Of ``truth`` only the number of samples is known anew.
    /// O(nodes + samples).
    public func filtered(by filter: ProfileFilter) -> Profile {
        if filter == .everything { return self }
        let passes = filter.asksForFrames ? nodesWithCallers(that: filter) : nil
        var result = self
        result.samples = samples.filter {
            filter.matches(contexts[Int($0.context)]) && passes?[Int($0.node)] ?? true
        }
        result.truth = ProfileTruth()
        result.truth.samples = result.samples.reduce(0) { $0 + $1.count }
        result.truth.lost = truth.lost
        return result
    }

    /// Which nodes have a frame that passes on their path; a node's caller comes before it.
    private func nodesWithCallers(that filter: ProfileFilter) -> [Bool] {
        let unknown = ModuleInfo(kind: .unknown, path: "", buildID: "")
        let passing = frames.map { frame in
            let isKnown = modules.indices.contains(Int(frame.module))
            let module = isKnown ? modules[Int(frame.module)] : unknown
            return filter.matches(frame.name, address: frame.address, module: module)
        }
        var result = [Bool](repeating: false, count: nodes.count)
        for (index, node) in nodes.enumerated() where node.parent >= 0 {
            result[index] = result[Int(node.parent)] || passing[Int(node.frame)]
        }
        return result
    }
}
