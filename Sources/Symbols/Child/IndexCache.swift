import Binary

/// What the child remembers of modules between requests, within a number of bytes; the least used is forgotten first.
struct IndexCache {
    private struct Slot {
        var entry: IndexEntry
        var lastUse: UInt64
    }

    /// Bytes that all entries together may hold.
    let budget: Int
    private(set) var byteCount = 0
    private var slots: [UInt64: Slot] = [:]
    private var clock: UInt64 = 0

    init(budget: Int) { self.budget = budget }

    /// Symbols of one module for which an index is made; it takes 12 bytes each, and 28 while it is built.
    var maximumIndexedSymbols: Int { budget / 40 }

    mutating func entry(for module: UInt64) -> IndexEntry? {
        clock += 1
        slots[module]?.lastUse = clock
        return slots[module]?.entry
    }

    mutating func insert(_ entry: IndexEntry, for module: UInt64) {
        remove(module)
        guard entry.byteCount <= budget else { return }
        while byteCount + entry.byteCount > budget, let oldest = slots.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            remove(oldest.key)
        }
        clock += 1
        slots[module] = Slot(entry: entry, lastUse: clock)
        byteCount += entry.byteCount
    }

    mutating func remove(_ module: UInt64) {
        if let old = slots.removeValue(forKey: module) { byteCount -= old.entry.byteCount }
    }
}

/// The remembered part of one module.
enum IndexEntry {
    case elf(ElfIndex)
    case kallsyms(KallsymsIndex)
    case perfMap(PerfMapIndex)

    var byteCount: Int {
        switch self {
        case .elf(let index): index.byteCount
        case .kallsyms(let index): index.byteCount
        case .perfMap(let index): index.byteCount
        }
    }
}
