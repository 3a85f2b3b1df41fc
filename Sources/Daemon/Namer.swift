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
    }

    private func name(_ addresses: [UInt64], of module: ModuleID) {
        let names: [FrameName]
        switch sources.files(of: module) {
        case .success(let files): names = symbolizer.symbolize(module: module, source: files, addresses: addresses)
        case .failure(let refusal): names = addresses.map { _ in .unnamed(refusal.reason) }
        }
        store.setNames(zip(addresses, names).map { (FrameKey(module: module, address: $0), $1) })
    }
}
