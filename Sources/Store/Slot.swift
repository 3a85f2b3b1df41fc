import Model

/// What distinguishes the samples of one slot.
struct SlotKey: Hashable {
    var node: UInt32
    var context: UInt32
    var kind: UInt8
    var end: UInt8

    func hash(into hasher: inout Hasher) {
        hasher.combine(UInt64(node) << 32 | UInt64(context))
        hasher.combine(UInt16(kind) << 8 | UInt16(end))
    }
}

/// Equal samples of one slot.
struct SlotEntry {
    var key: SlotKey
    var count: UInt32
    var weight: Double
}

/// All samples of one second, closed: never changed again.
final class Slot: Sendable {
    /// CLOCK_MONOTONIC ns of the start.
    let start: UInt64
    let entries: [SlotEntry]
    let lost: UInt64

    init(start: UInt64, entries: [SlotEntry], lost: UInt64) {
        self.start = start
        self.entries = entries
        self.lost = lost
    }

    /// Length of every slot in ns.
    static let length: UInt64 = 1_000_000_000

    var end: UInt64 { start &+ Self.length }
    var bytes: Int { entries.capacity * MemoryLayout<SlotEntry>.stride + 64 }

    /// The same samples after nodes were renumbered.
    func renumbered(_ newNumbers: [UInt32]) -> Slot {
        let moved = entries.map { entry in
            var entry = entry
            entry.key.node = newNumbers[Int(entry.key.node)]
            return entry
        }
        return Slot(start: start, entries: moved, lost: lost)
    }
}

/// The slot that is being filled.
struct OpenSlot {
    let start: UInt64
    private var sums: [SlotKey: (count: UInt32, weight: Double)] = [:]
    var lost: UInt64 = 0

    init(start: UInt64) { self.start = start }

    var end: UInt64 { start &+ Slot.length }

    mutating func add(_ key: SlotKey, weight: Double) {
        Self.count(&sums[key, default: (0, 0)], weight)
    }

    /// One look-up for both.
    private static func count(_ sum: inout (count: UInt32, weight: Double), _ weight: Double) {
        sum.count &+= 1
        sum.weight += weight
    }

    func closed() -> Slot {
        Slot(
            start: start,
            entries: sums.map { SlotEntry(key: $0.key, count: $0.value.count, weight: $0.value.weight) }, lost: lost)
    }

    /// Nodes in use, for a renumbering while the slot is open.
    var nodes: [UInt32] { sums.keys.map(\.node) }
    /// Contexts in use.
    var contexts: [UInt32] { sums.keys.map(\.context) }

    mutating func renumber(_ newNumbers: [UInt32]) {
        var moved: [SlotKey: (count: UInt32, weight: Double)] = [:]
        for (key, value) in sums {
            var key = key
            key.node = newNumbers[Int(key.node)]
            moved[key] = value
        }
        sums = moved
    }
}

/// ``StackEnd`` as one byte; the reason of a broken stack is in the counters, not in the slots.
enum EndCode {
    static func code(of end: StackEnd) -> UInt8 {
        switch end {
        case .complete: 0
        case .completed: 1
        case .truncated: 2
        case .broken: 3
        }
    }

    static let labels = ["complete", "completed", "truncated", "broken"]
}
