/// A function in a symbol table, as virtual addresses of its image.
struct ElfFunction {
    var start: UInt64
    /// 0 if the table does not know.
    var size: UInt64
    /// Where its section ends.
    var sectionEnd: UInt64
    /// What ``FunctionTable/name(at:limit:)`` takes; less than 2³⁰.
    var name: UInt32
    /// Quality among symbols of one address: functions before labels, sized before unsized, global before local.
    var rank: UInt32
}

/// A table in an image that lists functions.
protocol FunctionTable {
    /// Number of entries, most of which may be no functions.
    var count: Int { get }

    /// Calls `body` with each function or label of code until it returns true.
    func scanFunctions(until body: (ElfFunction) -> Bool)

    /// The bytes of a name, cut at a limit; `nil` if there is none.
    func name(at reference: UInt32, limit: Int) -> [UInt8]?
}

extension FunctionTable {
    /// Calls `body` with each function or label of code.
    func forEachFunction(_ body: (ElfFunction) -> Void) {
        scanFunctions(until: { function in
            body(function)
            return false
        })
    }

    /// Whether there is any function.
    func hasFunction() -> Bool {
        var found = false
        scanFunctions(until: { _ in
            found = true
            return true
        })
        return found
    }

    /// The bytes of a name, one more at most than a demangler is given.
    func name(at reference: UInt32) -> [UInt8]? { name(at: reference, limit: Wire.maximumMangled + 1) }

    /// Lower is better among names of one function: fewest underscores in front, no compiler's suffix.
    func awkwardness(ofNameAt offset: UInt32) -> Int {
        guard let name = name(at: offset, limit: 256) else { return .max }
        let underscores = name.prefix { $0 == UInt8(ascii: "_") }.count
        let mangled = underscores == 1 && name.count > 1 && [UInt8(ascii: "Z"), UInt8(ascii: "R")].contains(name[1])
        let suffixed = name.dropFirst().contains(UInt8(ascii: "."))
        return (suffixed ? 1000 : 0) + (mangled ? 0 : underscores)
    }
}
