import Model

/// Everything that the store's lock guards.
struct StoreState {
    var frames = FrameTable()
    var trie = StackTrie()
    var contexts = ContextTable()
    /// Closed slots, oldest first, without gaps in time only where nothing was sampled.
    var slots: [Slot] = []
    var open: OpenSlot?
    /// End of the newest slot whose names were fetched.
    var namedUntil: UInt64 = 0
    var slotBytes = 0
    /// Slots that were dropped before their time because the budget was used up.
    var droppedForSpace: UInt64 = 0
    var compactions: UInt64 = 0
    private var liveNodes = Self.fewNodes
    /// Half a megabyte: below twice of it tidying up costs more than it frees.
    private static let fewNodes = 1 << 15
    private var hasClosed = false

    /// Bytes held by all tables.
    var bytes: Int { frames.bytes + trie.bytes + contexts.bytes + slotBytes }

    // MARK: Filling

    mutating func add(_ sample: WalkedSample, frames keys: ArraySlice<FrameKey>) {
        if open == nil { open = OpenSlot(start: sample.time - sample.time % Slot.length) }
        if let end = open?.end, sample.time >= end { closeSlot(nextAt: sample.time) }
        var node: UInt32 = 0
        for key in keys.reversed() { node = trie.child(of: node, frame: frames.intern(key)) }
        let key = SlotKey(node: node, context: sample.context.rawValue, kind: 0, end: EndCode.code(of: sample.end))
        open?.add(key, weight: sample.weight)
    }

    /// Closes the open slot if it ended before `time`. True if a slot was closed since the last call.
    mutating func advance(to time: UInt64) -> Bool {
        if open == nil { open = OpenSlot(start: time - time % Slot.length) }
        if let end = open?.end, time >= end { closeSlot(nextAt: time) }
        defer { hasClosed = false }
        return hasClosed
    }

    mutating func addLost(_ count: UInt64, at time: UInt64) {
        if open == nil { open = OpenSlot(start: time - time % Slot.length) }
        open?.lost &+= count
    }

    /// Closes the open slot before its second is over: nothing more will come.
    mutating func flush() {
        if let end = open?.end { closeSlot(nextAt: end) }
    }

    private mutating func closeSlot(nextAt time: UInt64) {
        guard let ending = open else { return }
        let slot = ending.closed()
        slots.append(slot)
        slotBytes += slot.bytes
        open = OpenSlot(start: time - time % Slot.length)
        hasClosed = true
    }

    // MARK: Bounds

    /// Drops slots that are too old or do not fit, then what only they used.
    mutating func enforce(retention: UInt64, budget: Int, now: UInt64) {
        while let first = slots.first, first.end &+ retention <= now { dropFirst() }
        let isWasteful = trie.count > 2 * liveNodes || contexts.retiredCount > 4096
        if isWasteful || bytes > budget { compact() }
        while bytes > budget, slots.count > 1 {
            // A tenth at a time: compacting after each slot would cost more than it frees.
            for _ in 0..<max(1, slots.count / 10) {
                dropFirst()
                droppedForSpace += 1
            }
            compact()
        }
    }

    private mutating func dropFirst() { slotBytes -= slots.removeFirst().bytes }

    /// Rebuilds the tables with what slots still refer to.
    mutating func compact() {
        var keptNodes = [Bool](repeating: false, count: trie.count)
        var usedContexts: Set<UInt32> = []
        for slot in slots {
            for entry in slot.entries {
                mark(entry.key.node, in: &keptNodes)
                usedContexts.insert(entry.key.context)
            }
        }
        for node in open?.nodes ?? [] { mark(node, in: &keptNodes) }
        usedContexts.formUnion(open?.contexts ?? [])
        rebuild(keeping: keptNodes)
        contexts.prune(keeping: usedContexts)
        compactions += 1
    }

    private func mark(_ leaf: UInt32, in kept: inout [Bool]) {
        var node = Int(leaf)
        while node > 0, !kept[node] {
            kept[node] = true
            node = Int(trie.nodes[node].parent)
        }
    }

    private mutating func rebuild(keeping keptNodes: [Bool]) {
        var keptFrames = [Bool](repeating: false, count: frames.count)
        for number in 1..<max(1, trie.count) where keptNodes[number] {
            keptFrames[Int(trie.nodes[number].frame)] = true
        }
        let (newFrames, frameNumbers) = frames.compacted(keeping: keptFrames)
        let (newTrie, nodeNumbers) = trie.compacted(keeping: keptNodes, frames: frameNumbers)
        frames = newFrames
        trie = newTrie
        slots = slots.map { $0.renumbered(nodeNumbers) }
        open?.renumber(nodeNumbers)
        slotBytes = slots.reduce(0) { $0 + $1.bytes }
        liveNodes = max(Self.fewNodes, trie.count)
    }
}
