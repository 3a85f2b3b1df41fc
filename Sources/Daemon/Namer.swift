import Model
import Platform
import Store
import Symbols
import Synchronization

/// Gives new frames their names after each slot, then their source lines as far as the time allows, on a thread of its
/// own: the child may take its time.
final class Namer: Sendable {
    /// CPU time of the child for lines, ns: what each slot adds, and how much can be saved up. A file that costs more
    /// to open is paid for afterwards.
    private static let lineIncome: Int64 = 500_000
    private static let lineSavings: Int64 = 50_000_000
    /// The least that is spent at a time: to open a large file again for less would cost more than it brings.
    private static let lineStake: Int64 = 10_000_000
    /// Questions for lines after each slot: each opens the files of a module, or knows that there are none.
    private static let lineQuestions = 256

    private let store: Store
    private let symbolizer: Symbolizer
    private let sources: NameSources
    private let wake: WakeSignal
    private let isEnding = Atomic(false)
    private let late = Mutex(LateNames())
    private let lines = Mutex(LineQueue())
    private let lineCredit = Mutex(Namer.lineSavings)

    init(store: Store, symbolizer: Symbolizer, sources: NameSources, wake: WakeSignal) {
        self.store = store
        self.symbolizer = symbolizer
        self.sources = sources
        self.wake = wake
    }

    /// Frames that wait for their lines, and those for which there was no room.
    var lineQueue: (waiting: Int, dropped: Int) { lines.withLock { ($0.count, $0.dropped) } }

    /// Works until `end` is called; then names what is left and returns.
    func run() {
        var slots = 0
        while !isEnding.load(ordering: .acquiring) {
            wake.wait()
            nameSlot()
            if !isEnding.load(ordering: .acquiring) { locateSome() }
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
        if module != .kernel, size == nil { lines.withLock { $0.add(module, zip(addresses, names).map { ($0, $1) }) } }
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

    /// Lines as far as the saved time reaches; the rest waits for later slots.
    private func locateSome() {
        let credit = lineCredit.withLock { credit in
            credit = min(credit + Self.lineIncome, Self.lineSavings)
            return credit
        }
        guard credit >= Self.lineStake else { return }
        let used = locate(cpuLimit: UInt64(credit), questions: Self.lineQuestions)
        lineCredit.withLock { $0 -= Int64(clamping: used) }
    }

    /// Looks for the lines of frames that wait until so much of the child's CPU time is used up, in ns. What was used:
    /// more than the limit where one file was dear.
    @discardableResult func locate(cpuLimit: UInt64, questions: Int = .max) -> UInt64 {
        var used: UInt64 = 0
        var asked = 0
        while used < cpuLimit, asked < questions, let (module, frames) = lines.withLock({ $0.next() }) {
            asked += 1
            guard case .success(let files) = sources.files(of: module) else { continue }
            let left = cpuLimit - used
            let found = symbolizer.locate(module: module, source: files, frames: frames, cpuLimit: left)
            store.setNames(found.names.map { (FrameKey(module: module, address: $0.address), $0.name) })
            let later = Set(found.later)
            lines.withLock { lines in
                lines.charge(module, found.cpuNanoseconds)
                lines.add(module, frames.filter { later.contains($0.address) })
            }
            used += max(found.cpuNanoseconds, 1)
        }
        return used
    }
}
