import Analysis
import Model

/// One pprof file of both sides, as `go tool pprof -diff_base` makes them: samples of `base` have negative values and the
/// label `pprof::base`, by which readers state shares of `base` (profile.go and report.go of google/pprof). Their values
/// are scaled as the diff is normalized, like `-normalize` does for totals. Empty when nothing changed: a stack with the
/// same labels and the same value on both sides is left out.
enum DiffPprof {
    static func encode(_ document: DiffDocument) -> [UInt8] {
        var pair = ProfilePair(document.to)
        pair.subtract(document.base, scale: document.baseScale)
        let message = PprofEncoder.message(pair.profile, base: pair.firstBaseContext)
        return Gzip.compress(message) ?? message
    }
}

/// Two profiles in one: the second one's samples with a minus. Equal modules, frames and stacks are shared.
struct ProfilePair {
    private(set) var profile: Profile
    /// Contexts from this one on are those of the second profile.
    let firstBaseContext: Int
    private var modules: [ModuleInfo: Int32] = [:]
    private var frames: [ProfileFrame: Int32] = [:]
    private var nodes: [StackNode: Int32] = [:]

    init(_ profile: Profile) {
        self.profile = profile
        firstBaseContext = profile.contexts.count
        for (index, module) in profile.modules.enumerated() { modules[module] = Int32(index) }
        for (index, frame) in profile.frames.enumerated() { frames[frame] = Int32(index) }
        for (index, node) in profile.nodes.enumerated() { nodes[node] = Int32(index) }
    }

    mutating func subtract(_ base: Profile, scale: Double) {
        let modules = base.modules.map { Self.place($0, &profile.modules, &self.modules) }
        let frames = base.frames.map { frame in
            var frame = frame
            if base.modules.indices.contains(Int(frame.module)) { frame.module = modules[Int(frame.module)] }
            return Self.place(frame, &profile.frames, &self.frames)
        }
        var places: [Int32] = []
        for node in base.nodes {
            guard node.parent >= 0 else {
                places.append(0)
                continue
            }
            let moved = StackNode(parent: places[Int(node.parent)], frame: frames[Int(node.frame)])
            places.append(Self.place(moved, &profile.nodes, &nodes))
        }
        let equal = equalSamples(base, places, scale)
        let kept = base.samples.indices.filter { equal.base[$0] == nil }
        profile.samples = profile.samples.indices.filter { !equal.to.contains($0) }.map { profile.samples[$0] }
        profile.contexts += base.contexts
        for index in kept {
            let sample = base.samples[index]
            profile.samples.append(
                ProfileSample(
                    node: places[Int(sample.node)], context: sample.context + Int32(firstBaseContext),
                    count: -NumberText.rounded(Double(sample.count) * scale), weight: -sample.weight * scale))
        }
    }

    /// Samples of both with the same stack, context and value.
    private func equalSamples(
        _ base: Profile, _ places: [Int32], _ scale: Double
    ) -> (base: [Int: Int], to: Set<Int>) {
        struct Key: Hashable {
            var node: Int32
            var context: SampleContext
            var count: Int64
            var weight: Int64
        }
        var known: [Key: Int] = [:]
        for (index, sample) in profile.samples.enumerated() {
            let context = profile.contexts[Int(sample.context)]
            let weight = NumberText.rounded(sample.weight)
            known[Key(node: sample.node, context: context, count: sample.count, weight: weight)] = index
        }
        var equal: [Int: Int] = [:]
        for (index, sample) in base.samples.enumerated() {
            let key = Key(
                node: places[Int(sample.node)], context: base.contexts[Int(sample.context)],
                count: NumberText.rounded(Double(sample.count) * scale),
                weight: NumberText.rounded(sample.weight * scale))
            if let other = known.removeValue(forKey: key) { equal[index] = other }
        }
        return (equal, Set(equal.values))
    }

    private static func place<Value: Hashable>(
        _ value: Value, _ list: inout [Value], _ known: inout [Value: Int32]
    ) -> Int32 {
        if let place = known[value] { return place }
        let place = Int32(list.count)
        list.append(value)
        known[value] = place
        return place
    }
}
