public import Model
import Synchronization

extension Store: SeriesSource {
    /// Numbers over time out of the slots in memory.
    public func series(_ query: SeriesQuery) throws(QueryError) -> SeriesAnswer {
        let grid = fill(SeriesGrid(query), query)
        return grid.answer(query.name, rows: query.rows)
    }

    /// Adds what memory holds of the window.
    func fill(_ grid: SeriesGrid, _ query: SeriesQuery) -> SeriesGrid {
        let offset = wallOffset
        let (snapshot, until) = state.withLock { (Snapshot($0), $0.namedUntil) }
        var builder = SeriesBuilder(query, snapshot: snapshot, modules: modules.withLock { $0 }, grid: grid)
        for slot in snapshot.slots where slot.end <= until {
            let start = Int64(bitPattern: slot.start) &+ offset
            if start < query.to, start &+ Int64(Slot.length) > query.from { builder.add(slot, at: start) }
        }
        return builder.finish()
    }
}
