import Binary

/// Where the symbols of an ELF module are and, unless there are too many, which ranges they cover.
struct ElfIndex {
    var layers: ElfLayers
    /// Ranges of virtual addresses.
    var ranges: Ranges

    /// Where the ranges are.
    enum Ranges {
        case inMemory(RangeIndex)
        case inFile(RangeFile)
        /// Nowhere: the tables are read through for each batch.
        case none
    }

    /// Whether it can be used as it is.
    var isThere: Bool {
        if case .inFile(let file) = ranges { file.isThere } else { true }
    }

    var byteCount: Int {
        switch ranges {
        case .inMemory(let index): 256 + layers.packedBytes + index.byteCount
        case .inFile(let file): 256 + layers.packedBytes + file.byteCount
        case .none: 256 + layers.packedBytes
        }
    }

    /// Two bits for the table, 30 for the offset of the name in its strings.
    static func reference(table: Int, name: UInt32) -> UInt32 { UInt32(table) << 30 | name }
    static func table(of reference: UInt32) -> Int { Int(reference >> 30) }
    static func name(of reference: UInt32) -> UInt32 { reference & 0x3fff_ffff }

    /// Whether the first name is the better one for a function that has both.
    static func isBetter(_ first: UInt32, than second: UInt32, in tables: [any FunctionTable]) -> Bool {
        func key(_ reference: UInt32) -> (Int, UInt32) {
            (tables[table(of: reference)].awkwardness(ofNameAt: name(of: reference)), reference)
        }
        return key(first) < key(second)
    }

    /// Flattens the functions of all tables; `nil` if there are more than `limit`.
    static func ranges(of tables: [any FunctionTable], limit: Int) -> RangeIndex? {
        guard let count = functions(of: tables, limit: limit) else { return nil }
        var found: [SymbolCandidate] = []
        // A growing array would be there twice.
        found.reserveCapacity(count)
        for (number, table) in tables.enumerated() {
            table.forEachFunction { function in
                if found.count < count { found.append(candidate(function, table: number)) }
            }
        }
        order(&found, tables)
        return flatten(&found)
    }

    /// Sorts by what wins last.
    static func order(_ found: inout [SymbolCandidate], _ tables: [any FunctionTable]) {
        found.sort { ($0.start, $0.priority) < ($1.start, $1.priority) }
        settleTies(&found, tables)
    }

    /// The ranges of ordered functions.
    static func flatten(_ found: inout [SymbolCandidate]) -> RangeIndex {
        boundUnsized(&found)
        for index in found.indices { found[index].priority = UInt32(index) }
        return RangeIndex(sorted: found)
    }

    /// How many functions the tables list; `nil` if more than `limit`.
    private static func functions(of tables: [any FunctionTable], limit: Int) -> Int? {
        var count = 0
        for table in tables {
            guard table.count <= 8 * limit else { return nil }
            table.scanFunctions { _ in
                count += 1
                return count > limit
            }
            if count > limit { return nil }
        }
        return count
    }

    /// Even priorities have a size, odd ones none.
    static func candidate(_ function: ElfFunction, table: Int) -> SymbolCandidate {
        let end = function.size > 0 ? function.start + function.size : function.sectionEnd
        let priority = function.rank << 1 | (function.size > 0 ? 0 : 1)
        return SymbolCandidate(
            start: function.start, end: end, priority: priority, name: reference(table: table, name: function.name))
    }

    /// Among functions that are equal in start and rank, moves the best name to the end, where it wins.
    private static func settleTies(_ found: inout [SymbolCandidate], _ tables: [any FunctionTable]) {
        var first = 0
        while first < found.count {
            var last = first
            while last + 1 < found.count, found[last + 1].start == found[first].start,
                found[last + 1].priority == found[first].priority
            {
                last += 1
                if !isBetter(found[last].name, than: found[last - 1].name, in: tables) {
                    found.swapAt(last, last - 1)
                }
            }
            first = last + 1
        }
    }

    /// A function without a size (odd priority) reaches to the next start, at most to the end of its section.
    private static func boundUnsized(_ found: inout [SymbolCandidate]) {
        var next = UInt64.max
        for index in found.indices.reversed() {
            if index + 1 < found.count, found[index + 1].start != found[index].start { next = found[index + 1].start }
            if found[index].priority & 1 == 1 { found[index].end = min(found[index].end, next) }
        }
    }

    /// The same answers without an index: one pass over the tables.
    static func scan(_ tables: [any FunctionTable], addresses: [UInt64]) -> [BatchScan.Answer] {
        var scan = BatchScan(addresses: addresses, order: .innermost)
        let prefer: (UInt32, UInt32) -> Bool = { isBetter($0, than: $1, in: tables) }
        for (number, table) in tables.enumerated() {
            table.forEachFunction { function in
                let offered = candidate(function, table: number)
                if function.size > 0 {
                    scan.offer(offered, prefer: prefer)
                } else {
                    scan.offerUnsized(offered, prefer: prefer)
                }
            }
        }
        return scan.answers()
    }
}
