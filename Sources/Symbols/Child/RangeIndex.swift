/// A name that a source offers for a range of addresses.
struct SymbolCandidate {
    var start: UInt64
    /// First address beyond.
    var end: UInt64
    /// Where candidates overlap, the greater one wins.
    var priority: UInt32
    /// What the source needs to find the text of the name.
    var name: UInt32
}

/// Disjoint ranges of addresses with a name each: any number of overlapping candidates, flattened. 12 bytes a range.
struct RangeIndex {
    /// The name of a range that nothing covers.
    static let hole = UInt32.max
    private var starts: [UInt64] = []
    private var names: [UInt32] = []

    /// Memory held, in bytes.
    var byteCount: Int { starts.capacity * 8 + names.capacity * 4 }
    /// Number of ranges, holes included.
    var count: Int { starts.count }

    /// The range around an address and its name; the outermost ranges are holes that reach to 0 and to 2⁶⁴ − 1.
    /// O(log n).
    func lookUp(_ address: UInt64) -> (range: Range<UInt64>, name: UInt32) {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= address { low = middle + 1 } else { high = middle }
        }
        let upper = low < starts.count ? starts[low] : .max
        if low == 0 { return (0..<upper, RangeIndex.hole) }
        return (starts[low - 1]..<max(upper, starts[low - 1]), names[low - 1])
    }

    /// All ranges that are no holes, as candidates of one priority.
    func candidates(priority: UInt32) -> [SymbolCandidate] {
        var result: [SymbolCandidate] = []
        for index in starts.indices where names[index] != RangeIndex.hole {
            let end = index + 1 < starts.count ? starts[index + 1] : .max
            result.append(SymbolCandidate(start: starts[index], end: end, priority: priority, name: names[index]))
        }
        return result
    }

    /// Calls `body` with the start and the name of each range inside of the bounds, the first cut to them, until it
    /// returns false. Whether it never did.
    func forEachRange(in bounds: Range<UInt64>, _ body: (UInt64, UInt32) -> Bool) -> Bool {
        guard body(bounds.lowerBound, lookUp(bounds.lowerBound).name) else { return false }
        for index in starts.indices where starts[index] > bounds.lowerBound && starts[index] < bounds.upperBound {
            guard body(starts[index], names[index]) else { return false }
        }
        return true
    }

    init() {}

    /// Flattens candidates, which must be sorted by start. O(n log n).
    init(sorted candidates: [SymbolCandidate]) {
        starts.reserveCapacity(candidates.count + candidates.count / 8)
        names.reserveCapacity(candidates.count + candidates.count / 8)
        var active = CandidateHeap()
        var next = 0
        var position = candidates.first?.start ?? 0
        while true {
            while next < candidates.count, candidates[next].start <= position {
                active.insert(candidates[next])
                next += 1
            }
            while let top = active.first, top.end <= position { active.removeFirst() }
            emit(position, active.first?.name ?? RangeIndex.hole)
            if next == candidates.count, active.first == nil { return }
            position = min(next < candidates.count ? candidates[next].start : .max, active.first?.end ?? .max)
        }
    }

    private mutating func emit(_ start: UInt64, _ name: UInt32) {
        if names.last == name || (names.isEmpty && name == RangeIndex.hole) { return }
        starts.append(start)
        names.append(name)
    }
}

/// A binary heap: the candidate of the greatest priority first.
private struct CandidateHeap {
    private var items: [SymbolCandidate] = []
    var first: SymbolCandidate? { items.first }

    mutating func insert(_ item: SymbolCandidate) {
        items.append(item)
        var child = items.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if items[parent].priority >= items[child].priority { return }
            items.swapAt(parent, child)
            child = parent
        }
    }

    mutating func removeFirst() {
        items.swapAt(0, items.count - 1)
        items.removeLast()
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < items.count else { return }
            let right = left + 1
            let child = right < items.count && items[right].priority > items[left].priority ? right : left
            if items[parent].priority >= items[child].priority { return }
            items.swapAt(parent, child)
            parent = child
        }
    }
}
