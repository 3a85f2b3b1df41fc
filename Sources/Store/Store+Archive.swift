package import Model
import Synchronization

/// Slots that have their names, and what their numbers mean.
package struct PublishedSlots {
    /// The tables; its slots are those that were asked for.
    package let tables: Snapshot
    /// Closed slots with names, the oldest first.
    package let slots: ArraySlice<Slot>
    /// Modules of the frames.
    package let modules: [ModuleID: ModuleInfo]
    /// Grows whenever frames and nodes get new numbers.
    package let numbering: UInt64
}

extension Store {
    /// Lends the published slots that start at or after a time, without a copy.
    ///
    /// The lock is held meanwhile: what the sampler delivers waits in its inbox. So the body computes and does nothing
    /// that may block, and keeps no reference to the tables.
    package func withPublished<Value>(since start: UInt64, _ body: (PublishedSlots) -> Value) -> Value {
        let modules = modules.withLock { $0 }
        return state.withLock { state in
            let slots = state.slots.drop { $0.start < start }.prefix { $0.end <= state.namedUntil }
            return body(
                PublishedSlots(
                    tables: Snapshot(state), slots: slots, modules: modules, numbering: state.compactions))
        }
    }

    /// Difference between the wall clock and the clock of the samples, now.
    package var clockOffset: Int64 { wallOffset }

    /// End of the newest slot that has its names, CLOCK_MONOTONIC ns; 0 before the first one.
    package var publishedUntil: UInt64 { state.withLock { $0.namedUntil } }

    /// Start of the oldest slot in memory, CLOCK_MONOTONIC ns.
    package var oldestSlot: UInt64? { state.withLock { $0.slots.first?.start } }
}
