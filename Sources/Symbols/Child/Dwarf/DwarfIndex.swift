/// What the child remembers of a module's DWARF between requests: plain numbers, nothing of libdw's.
struct DwarfIndex {
    /// Units whose functions are remembered at a time.
    private static let maximumUnits = 64
    /// Bytes that the functions of all units may take.
    private static let maximumFunctionBytes = 3 << 20

    let place: DwarfPlace
    /// What was unpacked of a file with compressed sections.
    var unpacked: UnpackedDwarf?
    var units = DwarfUnitIndex()
    private var functions: [DwarfUnit: (index: DwarfFunctionIndex, lastUse: UInt64)] = [:]
    private var clock: UInt64 = 0

    init(_ place: DwarfPlace) { self.place = place }

    var byteCount: Int { 256 + units.byteCount + functionBytes }
    private var functionBytes: Int { functions.values.reduce(0) { $0 + $1.index.byteCount } }

    /// The functions of a unit, as far as the time allows.
    mutating func functions(
        of unit: DwarfUnit, _ image: borrowing DwarfImage, _ allowance: inout TimeAllowance
    ) -> DwarfFunctionIndex {
        clock += 1
        var index = functions.removeValue(forKey: unit)?.index ?? DwarfFunctionIndex(unit)
        index.grow(image, &allowance)
        while functions.count >= Self.maximumUnits || functionBytes + index.byteCount > Self.maximumFunctionBytes,
            let oldest = functions.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            functions[oldest.key] = nil
        }
        functions[unit] = (index, clock)
        return index
    }
}

/// The indices of some modules, within a number of bytes; the one that was not asked for longest is forgotten first.
struct DwarfIndexCache {
    private static let maximumBytes = 6 << 20
    private static let maximumModules = 64

    private var entries: [(module: UInt64, index: DwarfIndex)] = []

    /// Takes out the index of a module, so that it can grow without being copied.
    mutating func take(_ module: UInt64) -> DwarfIndex? {
        entries.firstIndex { $0.module == module }.map { entries.remove(at: $0).index }
    }

    /// Puts it back as the one used last.
    mutating func keep(_ index: DwarfIndex, of module: UInt64) {
        entries.append((module, index))
        var bytes = entries.reduce(0) { $0 + $1.index.byteCount }
        while entries.count > Self.maximumModules || bytes > Self.maximumBytes, !entries.isEmpty {
            bytes -= entries.removeFirst().index.byteCount
        }
    }
}
