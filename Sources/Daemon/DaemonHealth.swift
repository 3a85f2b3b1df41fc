import Model
import Platform
import Store
import Synchronization

/// Whether the daemon lives (its sampler drains its rings) and is ready (a first slot has its names).
final class DaemonHealth: HealthSource {
    /// Longest time between two drains: the sampler wakes at least every 250 ms.
    private static let longestSilence: UInt64 = 10_000_000_000

    private let lastDrain = Atomic<UInt64>(0)
    private let started = Atomic(false)
    private let obstacle = Mutex<String?>(nil)
    private let store: Store

    init(store: Store) { self.store = store }

    /// Nothing is sampled, and why: alive, but never ready.
    func cannotSample(_ reason: String) { obstacle.withLock { $0 = reason } }

    /// Called at each drain.
    func drained(at time: UInt64) { lastDrain.store(time, ordering: .relaxed) }

    /// Sampling runs.
    func didStart() { started.store(true, ordering: .relaxed) }

    var unhealthy: String? {
        let last = lastDrain.load(ordering: .relaxed)
        let silence = SystemTime().monotonic() &- last
        guard last > 0, silence > Self.longestSilence else { return nil }
        return "no samples were read for \(silence / 1_000_000_000) s"
    }

    var unready: String? {
        if let reason = obstacle.withLock({ $0 }) { return "nothing is sampled: \(reason)" }
        if !started.load(ordering: .relaxed) { return "sampling has not begun" }
        if store.extent.newest == 0 { return "the first slot is not complete yet" }
        return unhealthy
    }
}
