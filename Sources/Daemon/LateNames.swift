import Model
import Symbols

/// JIT frames that had no name yet when their slot closed.
///
/// Runtimes write their perf maps through buffers (V8: 2 MiB, flushed at exit), so a function is often listed long after
/// its first sample. Maps that have grown are asked again; those that do not grow for a while are given up.
struct LateNames {
    /// Rounds without growth after which a map is given up.
    static let patience = 600
    /// Modules that are waited for.
    static let maximumModules = 256
    /// Addresses that are waited for in each module.
    static let maximumAddresses = 4096

    private struct Waiting {
        var addresses: Set<UInt64> = []
        var size: UInt64
        var rounds = 0

        func after(rounds more: Int) -> Waiting { Waiting(addresses: addresses, size: size, rounds: rounds + more) }
    }

    private var modules: [ModuleID: Waiting] = [:]

    /// Remembers what an answer left open. `size` is that of the map that was read, 0 if there was none.
    mutating func note(_ names: some Sequence<(UInt64, FrameName)>, of module: ModuleID, size: UInt64) {
        let open = names.lazy.filter { $0.1 == .unnamed(.jit) || $0.1 == .unnamed(.noSymbol) }.map(\.0)
        for address in open {
            guard modules[module] != nil || modules.count < Self.maximumModules else { return }
            guard modules[module]?.addresses.count ?? 0 < Self.maximumAddresses else { return }
            modules[module, default: Waiting(size: size)].addresses.insert(address)
        }
    }

    /// Calls `ask` for each module whose map, of the size that `size` tells, has changed since it was asked. To be called
    /// once a round.
    mutating func retry(size: (ModuleID) -> UInt64, ask: (ModuleID, [UInt64]) -> [FrameName]) {
        for (module, old) in modules {
            let now = size(module)
            guard now != old.size else {
                modules[module] = old.rounds < Self.patience ? old.after(rounds: 1) : nil
                continue
            }
            modules[module] = nil
            let addresses = Array(old.addresses)
            note(zip(addresses, ask(module, addresses)), of: module, size: now)
        }
    }

    /// Number of modules that are waited for.
    var count: Int { modules.count }
}
