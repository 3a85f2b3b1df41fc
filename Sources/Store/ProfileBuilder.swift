import Model

/// Builds the profile of a window out of slots: sums equal samples, keeps only what they refer to.
struct ProfileBuilder {
    private let snapshot: Snapshot
    private let modules: [ModuleID: ModuleInfo]
    private let selector: TargetSelector
    private var stacks: StackFilter
    private var profile: Profile
    private var nodeNumbers: [UInt32: Int32] = [0: 0]
    private var frameNumbers: [UInt32: Int32] = [:]
    private var moduleNumbers: [ModuleID: Int32] = [:]
    private var contextNumbers: [UInt32: Int32] = [:]
    private var accepted: [UInt32: Bool] = [:]
    private var sampleNumbers: [UInt64: Int] = [:]

    init(snapshot: Snapshot, modules: [ModuleID: ModuleInfo], query: ProfileQuery) {
        self.snapshot = snapshot
        self.modules = modules
        selector = query.selector
        stacks = StackFilter(query.filter)
        profile = Profile(kind: query.kind, startTime: 0, endTime: 0, period: 0)
    }

    /// Adds the samples of a slot that the question is about.
    mutating func add(_ slot: Slot) {
        profile.truth.lost += Int64(clamping: slot.lost)
        for entry in slot.entries
        where isAccepted(entry.key.context) && stacks.passes(entry.key.node, in: snapshot, modules) { add(entry) }
    }

    private mutating func isAccepted(_ context: UInt32) -> Bool {
        if let known = accepted[context] { return known }
        let result = snapshot.contexts[context].map { selector.matches($0) && stacks.filter.matches($0) } ?? false
        accepted[context] = result
        return result
    }

    private mutating func add(_ entry: SlotEntry) {
        let node = node(entry.key.node)
        let context = context(entry.key.context)
        let key = UInt64(UInt32(bitPattern: node)) << 32 | UInt64(UInt32(bitPattern: context))
        let index = sampleNumbers[key] ?? profile.samples.count
        if index == profile.samples.count {
            sampleNumbers[key] = index
            profile.samples.append(ProfileSample(node: node, context: context, count: 0, weight: 0))
        }
        profile.samples[index].count += Int64(entry.count)
        profile.samples[index].weight += entry.weight
        count(entry, leaf: node)
    }

    private mutating func count(_ entry: SlotEntry, leaf: Int32) {
        let count = Int64(entry.count)
        profile.truth.samples += count
        switch entry.key.end {
        case 1: profile.truth.completed += count
        case 2: profile.truth.truncated += count
        case 3: profile.truth.broken += count
        default: break
        }
        let frame = profile.nodes[Int(leaf)].frame
        if frame >= 0, case .unnamed = profile.frames[Int(frame)].name { profile.truth.unnamed += count }
    }

    /// The profile's number of a node; its callers get theirs first. Iterative: stacks have thousands of frames.
    private mutating func node(_ number: UInt32) -> Int32 {
        var missing: [UInt32] = []
        var current = number
        while nodeNumbers[current] == nil {
            missing.append(current)
            current = UInt32(bitPattern: snapshot.nodes[Int(current)].parent)
        }
        var parent = nodeNumbers[current] ?? 0
        for number in missing.reversed() {
            let frame = frame(UInt32(bitPattern: snapshot.nodes[Int(number)].frame))
            let new = Int32(profile.nodes.count)
            profile.nodes.append(StackNode(parent: parent, frame: frame))
            nodeNumbers[number] = new
            parent = new
        }
        return parent
    }

    private mutating func frame(_ number: UInt32) -> Int32 {
        if let known = frameNumbers[number] { return known }
        let key = snapshot.keys[Int(number)]
        let new = Int32(profile.frames.count)
        profile.frames.append(
            ProfileFrame(module: module(key.module), address: key.address, name: snapshot.names[Int(number)]))
        frameNumbers[number] = new
        return new
    }

    private mutating func module(_ id: ModuleID) -> Int32 {
        if let known = moduleNumbers[id] { return known }
        let new = Int32(profile.modules.count)
        profile.modules.append(modules[id] ?? .unknown)
        moduleNumbers[id] = new
        return new
    }

    private mutating func context(_ number: UInt32) -> Int32 {
        if let known = contextNumbers[number] { return known }
        let new = Int32(profile.contexts.count)
        if let context = snapshot.contexts[number] { profile.contexts.append(context) }
        contextNumbers[number] = new
        return new
    }

    /// The finished profile of a window in wall-clock time.
    consuming func finish(start: Int64, end: Int64, nominalPeriod: Int64) -> Profile {
        profile.startTime = start
        profile.endTime = end
        let weight = profile.samples.reduce(0) { $0 + $1.weight }
        let samples = profile.truth.samples
        profile.period = samples > 0 ? Int64((weight / Double(samples)).rounded()) : nominalPeriod
        return profile
    }
}
