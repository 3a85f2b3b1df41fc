import Model
import Platform
import Store
import Symbols
import Synchronization

/// Gives new frames their names after each slot, on a thread of its own: the child may take its time.
final class Namer: Sendable {
    private let store: Store
    private let symbolizer: Symbolizer
    private let sources: NameSources
    private let wake: WakeSignal
    private let isEnding = Atomic(false)
    private let late = Mutex(LateNames())

    init(store: Store, symbolizer: Symbolizer, sources: NameSources, wake: WakeSignal) {
        self.store = store
        self.symbolizer = symbolizer
        self.sources = sources
        self.wake = wake
    }

    /// Works until `end` is called; then names what is left and returns.
    func run() {
        var slots = 0
        while !isEnding.load(ordering: .acquiring) {
            wake.wait()
            nameSlot()
            slots += 1
            // After eight seconds all that is done once was done; then about once a minute, after what readers asked for.
            if slots % 64 == 8 { OwnMemory.tidy() }
        }
    }

    func end() {
        isEnding.store(true, ordering: .releasing)
        wake.send()
    }

    /// Names all frames that wait, then lets readers see their slots.
    func nameSlot() {
        let (frames, until) = store.takeUnnamed()
        var byModule: [ModuleID: [UInt64]] = [:]
        for frame in frames { byModule[frame.module, default: []].append(frame.address) }
        for (module, addresses) in byModule { name(addresses, of: module) }
        if until > 0 { store.publish(until: until) }
        askAgain()
    }

    private func name(_ addresses: [UInt64], of module: ModuleID) {
        let (names, size) = ask(addresses, of: module)
        set(names, addresses, of: module)
        if let size { late.withLock { $0.note(zip(addresses, names), of: module, size: size) } }
    }

    /// Names that runtimes write after the first sample.
    private func askAgain() {
        late.withLock { late in
            late.retry(size: { (try? sources.files(of: $0).get())?.textSize ?? 0 }) { module, addresses in
                let (names, _) = ask(addresses, of: module)
                set(names, addresses, of: module)
                return names
            }
        }
    }

    /// The names, and of JIT code the size of the map that they were read from.
    private func ask(_ addresses: [UInt64], of module: ModuleID) -> (names: [FrameName], mapSize: UInt64?) {
        switch sources.files(of: module) {
        case .success(let files):
            let size = files.kind == .perfMap ? files.textSize : nil
            return (symbolizer.symbolize(module: module, source: files, addresses: addresses), size)
        case .failure(let refusal):
            return (addresses.map { _ in .unnamed(refusal.reason) }, refusal.reason == .jit ? 0 : nil)
        }
    }

    private func set(_ names: [FrameName], _ addresses: [UInt64], of module: ModuleID) {
        store.setNames(zip(addresses, names).map { (FrameKey(module: module, address: $0), $1) })
    }
}
