public import Model
import Synchronization

extension Store: ProfileSource {
    /// Difference between the wall clock and the clock of the samples, now: a step of the wall clock moves all windows.
    var wallOffset: Int64 { time.wall() &- Int64(bitPattern: time.monotonic()) }

    /// Bounds of what can be asked for; follows steps of the wall clock.
    public var extent: (oldest: Int64, newest: Int64) {
        let (oldest, newest) = state.withLock { (min($0.slots.first?.start ?? .max, $0.namedUntil), $0.namedUntil) }
        guard newest > 0 else { return (0, 0) }
        let offset = wallOffset
        return (Int64(bitPattern: oldest) &+ offset, Int64(bitPattern: newest) &+ offset)
    }

    /// Builds the profile outside of the lock from references to closed slots.
    public func profile(_ query: ProfileQuery) throws(QueryError) -> Profile {
        let offset = wallOffset
        let (snapshot, until) = state.withLock { (Snapshot($0), $0.namedUntil) }
        let slots = snapshot.slots.filter { slot in
            let (start, end) = (Int64(bitPattern: slot.start) &+ offset, Int64(bitPattern: slot.end) &+ offset)
            return slot.end <= until && start < query.to && end > query.from && Self.overlaps(start, end, query)
        }
        guard let first = slots.first, let last = slots.last else {
            let bounds = extent
            throw .outsideHistory(oldest: bounds.oldest, newest: bounds.newest)
        }
        var builder = ProfileBuilder(snapshot: snapshot, modules: modules.withLock { $0 }, query: query)
        for slot in slots { builder.add(slot) }
        let profile = builder.finish(
            start: Int64(bitPattern: first.start) &+ offset, end: Int64(bitPattern: last.end) &+ offset,
            nominalPeriod: 0)
        if profile.samples.isEmpty, !isKnown(query.selector, in: snapshot) {
            throw .noSuchTarget(query.selector.description)
        }
        return profile
    }

    /// A slot belongs to a window when at least half of it lies inside: windows are asked for with the precision of the
    /// caller's clock, and a sliver of a slot would add a second that nobody meant.
    private static func overlaps(_ start: Int64, _ end: Int64, _ query: ProfileQuery) -> Bool {
        if query.to &- query.from < Int64(Slot.length) { return true }
        let inside = min(end, query.to) &- max(start, query.from)
        return inside >= Int64(Slot.length / 2)
    }

    private func isKnown(_ selector: TargetSelector, in snapshot: Snapshot) -> Bool {
        selector == .all || snapshot.contexts.values.contains { selector.matches($0) }
    }

    /// Targets with a living thread or a sample in the last ten slots.
    public func targets() -> [TargetSummary] {
        let (snapshot, living, until) = state.withLock { (Snapshot($0), $0.contexts.living, $0.namedUntil) }
        var builder = TargetSummaries(living: living)
        let recent = snapshot.slots.filter { $0.end <= until }.suffix(10)
        for slot in recent { builder.add(slot, contexts: snapshot.contexts) }
        return builder.finish(seconds: recent.count)
    }
}
