/// Answers a batch of addresses in one pass over any number of candidates, in memory that depends on the batch alone.
/// The answers are those of a ``RangeIndex`` over the same candidates; ranges may be smaller.
struct BatchScan {
    struct Answer {
        var range: Range<UInt64>
        var name: UInt32

        init(range: Range<UInt64>, name: UInt32) {
            self.range = range
            self.name = name
        }

        init(_ found: (range: Range<UInt64>, name: UInt32)) { self.init(range: found.range, name: found.name) }
    }

    /// What wins where candidates overlap.
    enum Order {
        /// The greatest start, then the greatest priority.
        case innermost
        /// The greatest priority.
        case latest
    }

    private let order: Order
    private let addresses: [UInt64]
    private var best: [SymbolCandidate?]
    /// Candidates without a size of their own: the last one that starts at or below each address.
    private var unsized: [SymbolCandidate?]
    /// Greatest start at or below each address.
    private var lastStart: [UInt64]
    /// Greatest bound (start or end of a candidate) at or below each address, and smallest one above.
    private var below: [UInt64]
    private var above: [UInt64]
    /// The last answer of `firstIndex` and the addresses that it lies between.
    private var lastIndex = 0
    private var lastBelow = UInt64.max
    private var lastAbove: UInt64 = 0

    /// - Parameter addresses: sorted, each once.
    init(addresses: [UInt64], order: Order) {
        self.addresses = addresses
        self.order = order
        best = [SymbolCandidate?](repeating: nil, count: addresses.count)
        unsized = best
        below = [UInt64](repeating: 0, count: addresses.count)
        lastStart = below
        above = [UInt64](repeating: .max, count: addresses.count)
    }

    /// Offers a candidate; `prefer` decides between equals (true: the first name is better).
    mutating func offer(_ candidate: SymbolCandidate, prefer: (UInt32, UInt32) -> Bool = { _, _ in false }) {
        var index = note(candidate)
        while index < addresses.count, addresses[index] < candidate.end {
            if wins(candidate, best[index], prefer) { best[index] = candidate }
            index += 1
        }
    }

    /// Offers a candidate that reaches to the next start of any other, at most to its end.
    mutating func offerUnsized(_ candidate: SymbolCandidate, prefer: (UInt32, UInt32) -> Bool) {
        let index = note(candidate)
        if index < addresses.count, wins(candidate, unsized[index], prefer) { unsized[index] = candidate }
    }

    /// The outcome for each address, in the order of the addresses.
    mutating func answers() -> [Answer] {
        for index in addresses.indices.dropFirst() {
            below[index] = max(below[index], below[index - 1])
            lastStart[index] = max(lastStart[index], lastStart[index - 1])
            if unsized[index].map(\.start) ?? 0 < unsized[index - 1].map(\.start) ?? 0 {
                unsized[index] = unsized[index - 1]
            }
        }
        for index in addresses.indices.dropLast().reversed() { above[index] = min(above[index], above[index + 1]) }
        return addresses.indices.map { Answer(range: below[$0]..<above[$0], name: name(at: $0)) }
    }

    private func name(at index: Int) -> UInt32 {
        if let last = unsized[index], last.start == lastStart[index], last.end > addresses[index],
            wins(last, best[index], { _, _ in false })
        {
            return last.name
        }
        return best[index]?.name ?? RangeIndex.hole
    }

    private func wins(_ new: SymbolCandidate, _ old: SymbolCandidate?, _ prefer: (UInt32, UInt32) -> Bool) -> Bool {
        guard let old else { return true }
        if new.start == old.start, new.priority == old.priority { return prefer(new.name, old.name) }
        return switch order {
        case .innermost: (new.start, new.priority) > (old.start, old.priority)
        case .latest: new.priority > old.priority
        }
    }

    /// Remembers the bounds of a candidate; returns the index of the first address at or after its start.
    private mutating func note(_ candidate: SymbolCandidate) -> Int {
        let first = firstIndex(atLeast: candidate.start)
        note(bound: candidate.start, first: first)
        if first < addresses.count { lastStart[first] = max(lastStart[first], candidate.start) }
        if candidate.end > candidate.start { note(bound: candidate.end, first: firstIndex(atLeast: candidate.end)) }
        return first
    }

    private mutating func note(bound: UInt64, first: Int) {
        if first < addresses.count { below[first] = max(below[first], bound) }
        if first > 0 { above[first - 1] = min(above[first - 1], bound) }
    }

    /// Neighbours in a symbol table mostly lie between the same two addresses: the last answer is tried first.
    private mutating func firstIndex(atLeast value: UInt64) -> Int {
        if value > lastBelow, value <= lastAbove { return lastIndex }
        lastIndex = search(atLeast: value)
        lastBelow = lastIndex > 0 ? addresses[lastIndex - 1] : 0
        lastAbove = lastIndex < addresses.count ? addresses[lastIndex] : .max
        return lastIndex
    }

    private func search(atLeast value: UInt64) -> Int {
        var low = 0
        var high = addresses.count
        while low < high {
            let middle = (low + high) / 2
            if addresses[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
