import Glibc
import Model
import Platform
import Store

/// The store's targets with what only the kernel knows now: their resident memory.
struct LiveTargets: ProfileSource {
    let store: Store
    let roots: ProcRoot
    private let pageSize = UInt64(sysconf(Int32(_SC_PAGESIZE)))

    init(store: Store, roots: ProcRoot) {
        self.store = store
        self.roots = roots
    }

    var extent: (oldest: Int64, newest: Int64) { store.extent }

    func profile(_ query: ProfileQuery) throws(QueryError) -> Profile { try store.profile(query) }

    func targets() -> [TargetSummary] {
        store.targets().map { target in
            var target = target
            target.residentBytes = target.pids.reduce(0) { $0 + resident($1) }
            return target
        }
    }

    /// Second field of `/proc/PID/statm` (proc(5)): resident pages; 0 for processes that are gone.
    private func resident(_ pid: Int32) -> UInt64 {
        guard let line = roots.line("\(pid)/statm") else { return 0 }
        let fields = line.split(separator: " ")
        return fields.count > 1 ? (UInt64(fields[1]) ?? 0) * pageSize : 0
    }
}
