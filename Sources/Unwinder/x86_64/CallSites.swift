/// What is known about addresses that calls may return to, for all processes: direct-mapped like ``RuleCache``.
///
/// Owned by one thread.
@safe final class CallSites {
    private struct Entry {
        var key: UInt64
        var site: CallSite
    }

    private static let bits: UInt64 = 12
    private let entries: UnsafeMutablePointer<Entry>

    init() {
        unsafe entries = .allocate(capacity: 1 << Self.bits)
        unsafe entries.initialize(repeating: Entry(key: 0, site: .unknown), count: 1 << Self.bits)
    }

    deinit { unsafe entries.deallocate() }

    /// Bytes that it takes.
    static var byteCount: Int { MemoryLayout<Entry>.stride << bits }

    /// First address that no program can have.
    private static let userEnd: UInt64 = 1 << 47

    /// What a word of a stack is if it is taken for a return address.
    ///
    /// - Parameter tag: of the address space, ``RuleCache/tag(_:)``.
    @inline(__always)
    func site(_ word: UInt64, tag: UInt64, in space: some CodeSpace) -> CallSite {
        guard word &- 4097 < Self.userEnd else { return .nothing }
        let key = word ^ tag
        // SAFETY: a slot has `bits` bits, and the table as many entries.
        let known = unsafe entries[Self.slot(key)]
        if known.key == key && known.site != .unknown { return known.site }
        return find(word, key, in: space)
    }

    private static func slot(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> (64 - bits))
    }

    /// What cannot be read now may be readable later and is not kept.
    @inline(never)
    private func find(_ word: UInt64, _ key: UInt64, in space: some CodeSpace) -> CallSite {
        guard let image = space.image(at: word &- 1) else { return keep(.nothing, key) }
        guard let bytes = image.bytes else { return image.isMade ? keep(.unreadable, key) : .unreadable }
        guard let site = CallSite(at: word &- image.bias, in: bytes) else { return .nothing }
        return keep(site, key)
    }

    private func keep(_ site: CallSite, _ key: UInt64) -> CallSite {
        // SAFETY: as in `site`.
        unsafe entries[Self.slot(key)] = Entry(key: key, site: site)
        return site
    }
}
