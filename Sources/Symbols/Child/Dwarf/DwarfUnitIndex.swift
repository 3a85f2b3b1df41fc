/// Which unit of `.debug_info` describes an address: found by a walk over the units, in pieces.
struct DwarfUnitIndex {
    /// Units that are looked at (libdw holds about 1 KB for each while the file is open) and ranges that are kept;
    /// what has more is given up.
    static let maximumUnits = 1 << 14
    static let maximumRanges = 1 << 17
    /// Units after which the pages that were read are given up: the walk touches all of the section.
    private static let unitsBetweenDrops = 32
    /// Bytes between two ranges of one unit that are taken for padding.
    private static let padding: UInt64 = 64

    struct Entry {
        var start: UInt64
        var end: UInt64
        var unit: UInt32
    }

    private(set) var units: [DwarfUnit] = []
    /// Sorted by start once complete.
    private var ranges: [Entry] = []
    private var next: UInt64 = 0
    private var seen = 0
    private(set) var isComplete = false
    /// More units or ranges than are kept.
    private(set) var isTooLarge = false

    var byteCount: Int {
        units.capacity * MemoryLayout<DwarfUnit>.stride + ranges.capacity * MemoryLayout<Entry>.stride
    }

    /// Why an address that no unit covers has no line.
    var reasonForNoUnit: LineAbsence { isTooLarge ? .budget : .noLine }

    /// Goes on with the walk until it is complete or the time is used up.
    mutating func grow(_ image: borrowing DwarfImage, _ allowance: inout TimeAllowance) {
        while !isComplete, !allowance.step() {
            guard let unit = image.unit(at: next) else { return finish() }
            next = unit.end
            seen += 1
            add(unit, image)
            if seen % Self.unitsBetweenDrops == 0 { image.dropPages() }
            if seen > Self.maximumUnits || ranges.count > Self.maximumRanges {
                isTooLarge = true
                (units, ranges) = ([], [])
                return finish()
            }
        }
    }

    private mutating func add(_ unit: DwarfUnit, _ image: borrowing DwarfImage) {
        let number = UInt32(units.count)
        let before = ranges.count
        var found: [Range<UInt64>] = []
        image.forEachRange(of: unit.entry, limit: Self.maximumRanges) {
            // Code that the linker left out starts at 0 or 1.
            if $0.lowerBound > 1 { found.append($0) }
            return true
        }
        found.sort { $0.lowerBound < $1.lowerBound }
        for range in found {
            if ranges.count > before, let last = ranges.last, range.lowerBound >= last.start,
                range.lowerBound <= last.end &+ 16
            {
                ranges[ranges.count - 1].end = max(last.end, range.upperBound)
            } else {
                ranges.append(Entry(start: range.lowerBound, end: range.upperBound, unit: number))
            }
        }
        if ranges.count > before { units.append(unit) }
    }

    /// Sorts, and joins neighbours of one unit that only padding lies between.
    private mutating func finish() {
        isComplete = true
        ranges.sort { ($0.start, $0.end) < ($1.start, $1.end) }
        var joined: [Entry] = []
        joined.reserveCapacity(ranges.count)
        for entry in ranges {
            if let last = joined.last, last.unit == entry.unit, entry.start <= last.end &+ Self.padding {
                joined[joined.count - 1].end = max(last.end, entry.end)
            } else {
                joined.append(entry)
            }
        }
        ranges = joined
    }

    /// The unit of an address, `nil` if none covers it. O(log n); only when complete.
    func unit(at address: UInt64) -> DwarfUnit? {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].start <= address { low = middle + 1 } else { high = middle }
        }
        // A range may lie in a longer one that starts earlier: some steps back.
        for index in (max(0, low - 8)..<low).reversed() where ranges[index].end > address {
            return units[Int(ranges[index].unit)]
        }
        return nil
    }
}
