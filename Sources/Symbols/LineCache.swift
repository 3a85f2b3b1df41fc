import Model

/// Chains of lines by address, and what is known of the lines of each module, within a number of bytes.
struct LineCache {
    /// Modules of which something is remembered; then all of it is forgotten.
    private static let maximumModules = 4096

    private struct Module {
        var cpuNanoseconds: UInt64 = 0
        /// Why none of its addresses has lines.
        var refusal: LineResult?
    }

    private var chains = NameCache()
    private var modules: [ModuleID: Module] = [:]
    private var texts = TextPool()

    /// Bytes held, as an estimate from above: texts are counted once for each use.
    var byteCount: Int { chains.byteCount + modules.count * 48 }

    /// Why no address of a module has lines, if that is known.
    func refusal(of module: ModuleID) -> LineResult? { modules[module]?.refusal }

    /// Notes that no address of a module has lines.
    mutating func refuse(_ module: ModuleID, _ result: LineResult) { note(module) { $0.refusal = result } }

    /// Charges CPU time; a module that took more than `limit` is refused from then on.
    mutating func charge(_ module: ModuleID, _ nanoseconds: UInt64, limit: UInt64) {
        note(module) { known in
            known.cpuNanoseconds &+= nanoseconds
            if known.cpuNanoseconds > limit { known.refusal = .budget }
        }
    }

    private mutating func note(_ module: ModuleID, _ change: (inout Module) -> Void) {
        if modules[module] == nil, modules.count >= Self.maximumModules { modules = [:] }
        change(&modules[module, default: Module()])
    }

    /// Remembers the chain of an address, innermost first, and returns it completed with the name that is known.
    mutating func insert(
        _ lines: [LocatedLine], _ module: ModuleID, _ address: UInt64, _ name: FrameName
    ) -> FrameName {
        let chain = lines.map { line in
            SourceLine(
                function: texts.shared(line.function), systemName: texts.shared(line.systemName),
                file: texts.shared(line.file), line: Int32(clamping: line.line))
        }
        let result = Self.completed(chain, name)
        if address < .max { chains.insert(module, address..<(address + 1), result) }
        return result
    }

    /// A name with the lines of its address, if they are known. The outermost function keeps the name that the symbol
    /// table gives it: DWARF does not tell apart what a compiler split off or cloned.
    mutating func complete(_ name: FrameName, _ module: ModuleID, _ address: UInt64) -> FrameName {
        guard case .lines(let chain)? = chains.lookUp(module, address) else { return name }
        return Self.completed(chain, name)
    }

    private static func completed(_ chain: [SourceLine], _ name: FrameName) -> FrameName {
        guard case .lines(let known) = name, let symbol = known.last, let last = chain.indices.last,
            chain[last].systemName != symbol.systemName
        else { return .lines(chain) }
        var chain = chain
        chain[last].function = symbol.function
        chain[last].systemName = symbol.systemName
        return .lines(chain)
    }

    /// Forgets a module.
    mutating func remove(_ module: ModuleID) {
        chains.remove(module)
        modules[module] = nil
    }

    /// Forgets modules until the rest fits.
    mutating func shrink(to limit: Int) {
        chains.shrink(to: max(0, limit - modules.count * 48))
        if chains.byteCount == 0 { texts = TextPool() }
    }
}

/// Equal texts share their memory: a path or a function occurs at many addresses.
struct TextPool {
    private static let maximumTexts = 1 << 13
    private var texts: Set<String> = []

    mutating func shared(_ text: String) -> String {
        // Up to 15 bytes a String holds by itself.
        guard text.utf8.count > 15 else { return text }
        let (inserted, shared) = texts.insert(text)
        if inserted, texts.count > Self.maximumTexts { texts = [shared] }
        return shared
    }
}
