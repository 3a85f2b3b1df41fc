/// The functions of one unit by address: found by a walk over all of its entries, in pieces.
struct DwarfFunctionIndex {
    /// Functions of a unit that are kept at most.
    static let maximumFunctions = 1 << 17

    private struct Entry {
        var start: UInt64
        var size: UInt32
        /// Offset from the start of the unit's first entry.
        var entry: UInt32
    }

    private let unit: DwarfUnit
    /// Sorted by start once complete; one for each range of a function.
    private var functions: [Entry] = []
    private var next: UInt64
    private var depth = 0
    private(set) var isComplete = false
    /// More functions than are kept.
    private(set) var isTooLarge = false

    init(_ unit: DwarfUnit) {
        self.unit = unit
        next = unit.entry
    }

    var byteCount: Int { 96 + functions.capacity * MemoryLayout<Entry>.stride }

    /// Goes on with the walk until it is complete or the time is used up.
    mutating func grow(_ image: borrowing DwarfImage, _ allowance: inout TimeAllowance) {
        while !isComplete, !allowance.step() {
            let role = image.role(of: next)
            if role == .function { add(next, image) }
            // What is inlined or a scope of a function may hold functions too: local ones.
            guard let step = image.next(after: next, end: unit.end, nested: role != .leaf) else {
                return finish()
            }
            depth += step.depth
            if depth <= 0 { return finish() }
            next = step.entry
        }
    }

    private mutating func add(_ entry: UInt64, _ image: borrowing DwarfImage) {
        guard let offset = UInt32(exactly: entry - unit.entry) else { return }
        image.forEachRange(of: entry, limit: 256) { range in
            functions.append(
                Entry(
                    start: range.lowerBound, size: UInt32(clamping: range.upperBound - range.lowerBound), entry: offset)
            )
            return true
        }
        if functions.count > Self.maximumFunctions {
            isTooLarge = true
            functions = []
            isComplete = true
        }
    }

    private mutating func finish() {
        isComplete = true
        functions.sort { ($0.start, $1.size) < ($1.start, $0.size) }
    }

    /// The innermost function at an address. Only when complete.
    func function(at address: UInt64) -> UInt64? {
        var low = 0
        var high = functions.count
        while low < high {
            let middle = (low + high) / 2
            if functions[middle].start <= address { low = middle + 1 } else { high = middle }
        }
        for index in (max(0, low - 8)..<low).reversed()
        where address - functions[index].start < UInt64(functions[index].size) {
            return unit.entry + UInt64(functions[index].entry)
        }
        return nil
    }
}
