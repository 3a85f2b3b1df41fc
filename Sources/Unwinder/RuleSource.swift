import Model

/// Finds rules: in the cache of a process's addresses, in that of an image's, or by decoding the one FDE that covers
/// the address. No table of a whole file is ever made.
///
/// Owned by one thread.
final class RuleSource {
    /// By address in a process: what nearly all look-ups of a hot walk end at.
    let cache = RuleCache()
    /// By words of stacks: which of them calls return to.
    let sites = CallSites()
    /// By address in an image: what other processes have decoded already.
    private let shared = RuleCache()
    private let rows = RowCache()
    private var commons = CommonCache()
    private var remaining = walkLimit
    private let counters: UnwindCounters

    init(counters: UnwindCounters) { self.counters = counters }

    /// Bytes of instructions that one walk may decode. A function has some dozens; a hostile one has any number, in each
    /// frame.
    private static let walkLimit: UInt64 = 1 << 20

    /// A new walk begins.
    func begin() { remaining = Self.walkLimit }

    /// The rule at an address of a process.
    ///
    /// - Parameter isLeaf: whether it is the first frame, which is walked here even if it is foreign: it was offered to its
    ///   runtime before.
    func rule(at address: UInt64, isLeaf: Bool, in space: some CodeSpace) -> UnwindRule {
        let key = address ^ RuleCache.tag(space.generation)
        let known = cache.rule(key)
        if known.kind != .unknown && !(isLeaf && known.kind == .foreign) { return known }
        if space.isForeign(address) {
            counters.foreign.add()
            insert(UnwindRule(.foreign), key)
            if !isLeaf { return UnwindRule(.foreign) }
            return (try? ruleOfImage(at: address, in: space)) ?? UnwindRule(.none)
        }
        do {
            let rule = try ruleOfImage(at: address, in: space)
            insert(rule, key)
            return rule
        } catch {
            // What cannot be read now may be readable later.
            counters.unreadable.add()
            if case .exhausted = error { return UnwindRule(.exhausted) }
            return UnwindRule(.none)
        }
    }

    private func insert(_ rule: UnwindRule, _ key: UInt64) {
        if cache.insert(rule, key) { counters.replaced.add() }
    }

    private func ruleOfImage(at address: UInt64, in space: some CodeSpace) throws(CfiError) -> UnwindRule {
        guard let mapped = space.image(at: address) else { throw .unreadable }
        guard let image = mapped.bytes else {
            guard mapped.isMade else { throw .unreadable }
            return UnwindRule(chainedReadable: false)
        }
        let key = (address &- mapped.bias) ^ RuleCache.tag(image.number)
        if image.number != 0 {
            let known = shared.rule(key)
            if known.kind != .unknown {
                counters.shared.add()
                return known
            }
        }
        let rule = try decode(address &- mapped.bias, in: image)
        counters.decoded.add()
        if image.number != 0 { _ = shared.insert(rule, key) }
        return rule
    }

    private func decode(_ address: UInt64, in image: any ImageBytes) throws(CfiError) -> UnwindRule {
        do {
            guard let row = try row(at: address, in: image) else { return Self.ruleWithoutRow(address, in: image) }
            return try UnwindRule(row, in: image)
        } catch {
            if case .malformed = error { return UnwindRule(.malformed) }
            throw error
        }
    }

    /// Roots by their code; what depends on whether the address is exact is left to who knows it.
    private static func ruleWithoutRow(_ address: UInt64, in image: any ImageBytes) -> UnwindRule {
        if image.isSignalReturn(address) || image.isSignalReturn(address &+ 1) || image.isGoroutineEnd(address) {
            return UnwindRule(.none)
        }
        return image.isRoot(address) ? UnwindRule(.end) : UnwindRule(chainedReadable: true)
    }

    /// Notes that a call ends right behind an address, if its rule is in the cache.
    func noteCall(before address: UInt64, in space: some CodeSpace) {
        cache.noteCall((address &- 1) ^ RuleCache.tag(space.generation))
    }

    /// The row of an address of an image, `nil` if none covers it; kept for the next walk that follows all registers.
    func keptRow(at address: UInt64, in image: any ImageBytes) throws(CfiError) -> UnwindRow? {
        let key = address ^ RuleCache.tag(image.number)
        if image.number != 0, let known = rows.row(key) { return known }
        let row = try row(at: address, in: image)
        if image.number != 0, let row { rows.insert(row, key) }
        return row
    }

    /// The row of an address of an image, `nil` if none covers it.
    func row(at address: UInt64, in image: any ImageBytes) throws(CfiError) -> UnwindRow? {
        guard let table = image.unwindTable, let entry = try table.entry(covering: address, in: image) else {
            return nil
        }
        let record = try table.description(entry, in: image)
        let place = try FrameDescription.cie(ofRecordAt: record, in: image)
        let common = try commons.common(at: place, in: image)
        let description = try FrameDescription(at: record, cie: place, common, in: image)
        guard description.code.contains(address) else { return nil }
        // Other columns belong to other architectures.
        guard common.returnColumn == 16 else { throw .malformed }
        let cost = common.instructionCount &+ description.instructionCount
        guard cost <= remaining else { throw .exhausted }
        remaining -= cost
        return try CfaProgram.row(at: address, description, common, in: image)
    }
}

/// CIEs read lately: a file has a handful, for thousands of FDEs.
private struct CommonCache {
    private struct Entry {
        var image: UInt64
        var address: UInt64
        var common: CommonInformation
    }

    private var entries = [Entry?](repeating: nil, count: 64)

    mutating func common(at address: UInt64, in image: any ImageBytes) throws(CfiError) -> CommonInformation {
        let number = image.number
        let slot = Int(truncatingIfNeeded: ((address ^ RuleCache.tag(number)) &* 0x9e37_79b9_7f4a_7c15) >> 58)
        if number != 0, let known = entries[slot], known.image == number, known.address == address {
            return known.common
        }
        let common = try CommonInformation(at: address, in: image)
        entries[slot] = Entry(image: number, address: address, common: common)
        return common
    }
}
