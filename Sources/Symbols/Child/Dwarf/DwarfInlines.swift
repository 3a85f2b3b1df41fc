/// The calls that were inlined at an address of a function.
enum DwarfInlines {
    /// Inlined calls inside of each other that are followed.
    static let maximumDepth = 64

    /// The entries of the inlined calls around an address, outermost first; `nil` when the time was used up.
    ///
    /// Walks the scopes of the function that cover the address and passes over all others.
    static func calls(
        at address: UInt64, in function: UInt64, end: UInt64, _ image: borrowing DwarfImage,
        _ allowance: inout TimeAllowance
    ) -> [UInt64]? {
        var calls: [(entry: UInt64, depth: Int)] = []
        var entry = function
        var depth = 0
        var nested = true
        while let step = image.next(after: entry, end: end, nested: nested) {
            depth += step.depth
            // Back at the function's own level, or out of the scope that covers the address: nothing more can.
            if depth <= (calls.last?.depth ?? 0) { break }
            if allowance.step() { return nil }
            entry = step.entry
            let role = image.role(of: entry)
            switch role {
            case .inlinedCall:
                nested = covers(entry, address, image) == true
                if nested { calls.append((entry, depth)) }
                if calls.count == maximumDepth { return calls.map(\.entry) }
            case .block: nested = covers(entry, address, image) != false
            default: nested = false
            }
        }
        return calls.map(\.entry)
    }

    /// Whether an entry's code includes an address; `nil` if it states no code.
    private static func covers(_ entry: UInt64, _ address: UInt64, _ image: borrowing DwarfImage) -> Bool? {
        var result: Bool?
        image.forEachRange(of: entry, limit: 1024) { range in
            result = range.contains(address)
            return result == false
        }
        return result
    }
}
