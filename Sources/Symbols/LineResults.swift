public import Model

/// What became of a question for the source lines of an address; the value of the metric label `result`.
public enum LineResult: String, Sendable, CaseIterable {
    /// File and line are known, and the calls that were inlined.
    case found
    /// Neither the file nor a debug file of it has DWARF.
    case noDebugInfo = "no_debug_info"
    /// The DWARF is in `.dwo` files, which are not looked for.
    case split
    /// The DWARF refers to a file that dwz shares between others, which is not looked for.
    case alternate
    /// There is DWARF, but nothing about this address.
    case noLine = "no_line"
    /// The DWARF is compressed in a way that is not read (zstd).
    case packing
    /// Too large, or the time that one module may take was used up.
    case budget
    /// The DWARF is damaged.
    case malformed
    /// The file brought the child down, or took too long.
    case quarantined

    init?(_ absence: LineAbsence) {
        switch absence {
        case .later: return nil
        case .noDebugInfo: self = .noDebugInfo
        case .split: self = .split
        case .alternate: self = .alternate
        case .noLine: self = .noLine
        case .packing: self = .packing
        case .budget: self = .budget
        case .malformed: self = .malformed
        }
    }
}

/// Counters of addresses by what became of the question for their lines.
public final class LineResults: Sendable {
    private let counters: [LineResult: EventCounter]
    /// Addresses at which calls were inlined.
    public let inlined = EventCounter()

    init() {
        counters = Dictionary(uniqueKeysWithValues: LineResult.allCases.map { ($0, EventCounter()) })
    }

    /// Addresses with a result so far.
    public func count(_ result: LineResult) -> UInt64 { counters[result]?.value ?? 0 }

    func add(_ result: LineResult, _ amount: Int = 1) { counters[result]?.add(UInt64(amount)) }
}
