/// Whole rows by address in an image, for walks that follow all registers: direct-mapped like ``RuleCache``.
///
/// Owned by one thread. Takes no memory before the first such walk.
@safe final class RowCache {
    private struct Entry {
        var key: UInt64
        var row: UnwindRow
    }

    private static let bits: UInt64 = 8
    private var entries: UnsafeMutablePointer<Entry>?

    deinit { unsafe entries?.deallocate() }

    /// Bytes that it takes, once it does.
    static var byteCount: Int { MemoryLayout<Entry>.stride << bits }

    private static func slot(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> (64 - bits))
    }

    /// The row under a key that is not 0, `nil` if there is none.
    func row(_ key: UInt64) -> UnwindRow? {
        // SAFETY: a slot has `bits` bits, and the table as many entries.
        guard let entries = unsafe entries, unsafe entries[Self.slot(key)].key == key else { return nil }
        return unsafe entries[Self.slot(key)].row
    }

    /// Puts a row in the place of what has the same slot.
    func insert(_ row: UnwindRow, _ key: UInt64) {
        if unsafe entries == nil {
            let made = UnsafeMutablePointer<Entry>.allocate(capacity: 1 << Self.bits)
            unsafe made.initialize(repeating: Entry(key: 0, row: UnwindRow()), count: 1 << Self.bits)
            unsafe entries = made
        }
        // SAFETY: as in `row`.
        unsafe entries?[Self.slot(key)] = Entry(key: key, row: row)
    }
}
