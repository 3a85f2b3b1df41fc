/// Rules by address, for all processes: direct-mapped, so that a look-up is one multiplication and one load.
///
/// Owned by one thread. The key is the address combined with a number of its space, spread over 64 bits. Two places of
/// which both are in use have the same key once in 2⁶⁴ pairs, which is taken for never.
@safe final class RuleCache {
    struct Entry {
        var key: UInt64
        var rule: UnwindRule
    }

    /// Slots, as a power of two.
    static let bits: UInt64 = 14

    private let entries: UnsafeMutablePointer<Entry>

    init() {
        unsafe entries = .allocate(capacity: 1 << Self.bits)
        unsafe entries.initialize(repeating: Entry(key: 0, rule: UnwindRule(.unknown)), count: 1 << Self.bits)
    }

    deinit { unsafe entries.deallocate() }

    /// Bytes that the cache takes.
    static var byteCount: Int { MemoryLayout<Entry>.stride << bits }

    /// What the addresses of a space are combined with. Odd, and not the multiplier of the hash.
    @inline(__always)
    static func tag(_ space: UInt64) -> UInt64 { space &* 0xd6e8_feb8_6659_fd93 }

    @inline(__always)
    static func slot(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> (64 - bits))
    }

    /// The rule under a key, `unknown` if there is none.
    @inline(__always)
    func rule(_ key: UInt64) -> UnwindRule {
        // SAFETY: a slot has `bits` bits, and the table as many entries.
        let entry = unsafe entries[Self.slot(key)]
        return entry.key == key ? entry.rule : UnwindRule(.unknown)
    }

    /// Puts a rule in the place of what has the same slot; whether something else was there.
    func insert(_ rule: UnwindRule, _ key: UInt64) -> Bool {
        let slot = Self.slot(key)
        // SAFETY: as in `rule`.
        let wasUsed = unsafe entries[slot].rule.kind != .unknown
        unsafe entries[slot] = Entry(key: key, rule: rule)
        return wasUsed
    }

    /// Notes of a rule, if it is still there, that a call ends right behind its address.
    func noteCall(_ key: UInt64) {
        let slot = Self.slot(key)
        // SAFETY: as in `rule`.
        guard unsafe entries[slot].key == key, unsafe entries[slot].rule.kind != .unknown else { return }
        unsafe entries[slot].rule = unsafe entries[slot].rule.behindCall
    }

    /// The table itself for the hot loop, which must not touch a class for each frame. Valid as long as the cache.
    @unsafe var table: UnsafePointer<Entry> { unsafe UnsafePointer(entries) }
}
