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

    /// For indices that are too large for memory.
    let scratch: ScratchFile

    init(budget: Int, scratch: ScratchFile) {
        self.budget = budget
        self.scratch = scratch
    }

    /// Symbols of one ELF module for which an index is made in memory; it takes 12 bytes each, and 36 while it is built.
    var maximumIndexedSymbols: Int { min(maximumMapRanges, 24 << 10) }
    /// Ranges of one perf map for which an index is made: a quarter of the budget.
    var maximumMapRanges: Int { budget / 48 }

    /// Uses after which an entry counts as idle.
    private static let idleUses: UInt64 = 256

    /// Whether that many bytes fit without forgetting what is in use: indices that drive each other out cost more than
    /// none.
    func hasRoom(for bytes: Int) -> Bool {
        let inUse = slots.values.filter { clock - $0.lastUse < IndexCache.idleUses }
        return inUse.reduce(bytes) { $0 + $1.entry.byteCount } <= budget
    }

    mutating func entry(for module: UInt64) -> IndexEntry? {
        clock += 1
        slots[module]?.lastUse = clock
        return slots[module]?.entry
    }

    mutating func insert(_ entry: IndexEntry, for module: UInt64) {
        remove(module)
        guard entry.byteCount <= budget else { return }
        while byteCount + entry.byteCount > budget,
            let oldest = slots.min(by: { $0.value.lastUse < $1.value.lastUse })
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
