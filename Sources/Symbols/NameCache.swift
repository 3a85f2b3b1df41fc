import Model

/// Names by ranges of addresses, for all modules, within a number of bytes. The module that was not asked for longest
/// is forgotten first.
struct NameCache {
    private struct Entry {
        var range: Range<UInt64>
        var name: FrameName
    }

    private struct Module {
        /// Sorted by start; disjoint.
        var entries: [Entry] = []
        var bytes = 128
        var lastUse: UInt64 = 0
        /// Size of the text that the entries come from; a growing text makes holes doubtful.
        var textSize: UInt64 = 0
    }

    private var modules: [ModuleID: Module] = [:]
    private var clock: UInt64 = 0
    /// Bytes held, as an estimate from above.
    private(set) var byteCount = 0

    /// The name of an address, if its range is known. O(log n).
    mutating func lookUp(_ module: ModuleID, _ address: UInt64) -> FrameName? {
        clock += 1
        modules[module]?.lastUse = clock
        guard let entries = modules[module]?.entries else { return nil }
        let index = NameCache.firstIndex(in: entries, after: address)
        guard index > 0, entries[index - 1].range.contains(address) else { return nil }
        return entries[index - 1].name
    }

    /// Remembers a name for a range; what it overlaps is replaced.
    mutating func insert(_ module: ModuleID, _ range: Range<UInt64>, _ name: FrameName) {
        guard !range.isEmpty else { return }
        clock += 1
        var known = modules[module] ?? Module()
        if modules[module] == nil { byteCount += known.bytes }
        modules[module] = nil
        let upper = NameCache.firstIndex(in: known.entries, after: range.upperBound - 1)
        var lower = upper
        while lower > 0, known.entries[lower - 1].range.upperBound > range.lowerBound { lower -= 1 }
        let removed = known.entries[lower..<upper].reduce(0) { $0 + NameCache.size(of: $1.name) }
        known.entries.replaceSubrange(lower..<upper, with: CollectionOfOne(Entry(range: range, name: name)))
        known.bytes += NameCache.size(of: name) - removed
        byteCount += NameCache.size(of: name) - removed
        known.lastUse = clock
        modules[module] = known
    }

    /// Forgets that addresses have no name if the module's text has changed since.
    mutating func note(_ module: ModuleID, textSize: UInt64) {
        guard var known = modules[module], known.textSize != textSize else {
            if modules[module] == nil, textSize != 0 {
                modules[module] = Module(textSize: textSize)
                byteCount += 128
            }
            return
        }
        if textSize < known.textSize { known.entries = [] }
        known.entries.removeAll { if case .unnamed = $0.name { true } else { false } }
        let bytes = known.entries.reduce(128) { $0 + NameCache.size(of: $1.name) }
        byteCount += bytes - known.bytes
        known.bytes = bytes
        known.textSize = textSize
        modules[module] = known
    }

    /// Forgets a module.
    mutating func remove(_ module: ModuleID) {
        if let old = modules.removeValue(forKey: module) { byteCount -= old.bytes }
    }

    /// Forgets modules until the rest fits.
    mutating func shrink(to limit: Int) {
        while byteCount > limit, let oldest = modules.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            remove(oldest.key)
        }
    }

    private static func firstIndex(in entries: [Entry], after address: UInt64) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].range.lowerBound <= address { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// An entry, its array of lines with a header, and texts that do not fit into a String itself.
    private static func size(of name: FrameName) -> Int {
        let entry = MemoryLayout<Entry>.stride
        guard case .lines(let lines) = name else { return entry }
        return lines.reduce(entry + 32) { sum, line in
            let texts = [line.function, line.systemName, line.file].map(\.utf8.count).filter { $0 > 15 }
            return sum + MemoryLayout<SourceLine>.stride + texts.reduce(0) { $0 + $1 + 32 }
        }
    }
}
