/// Builds the ranges of a module with many functions piece by piece, in memory that does not depend on their number.
///
/// The tables are read through once for each piece of the address space with at most `chunk` functions.
struct ElfRangeFile {
    private let tables: [any FunctionTable]
    private let chunk: Int
    /// Functions of earlier pieces that reach into the next one.
    private var carried: [SymbolCandidate] = []

    /// The file; `nil` if the functions are too many, lie in too small a part of the address space, or the disk is full.
    static func build(_ tables: [any FunctionTable], file: ScratchFile, chunk: Int = 96 << 10) -> RangeFile? {
        guard let pieces = AddressPieces(tables, limit: chunk),
            file.makeRoom(for: UInt64(pieces.functions * 2 + 2) * UInt64(RangeFile.entrySize))
        else { return nil }
        var builder = ElfRangeFile(tables: tables, chunk: chunk)
        var writer = RangeFileWriter(file)
        for bounds in pieces.bounds {
            guard builder.write(bounds, to: &writer) else {
                writer.abandon()
                return nil
            }
        }
        return writer.finish()
    }

    private init(tables: [any FunctionTable], chunk: Int) {
        self.tables = tables
        self.chunk = chunk
    }

    private mutating func write(_ bounds: Range<UInt64>, to writer: inout RangeFileWriter) -> Bool {
        var found = carried
        for (number, table) in tables.enumerated() {
            table.forEachFunction { function in
                // A table that changes while it is read may hold more than was counted.
                guard bounds.contains(function.start), found.count < 3 * chunk else { return }
                found.append(ElfIndex.candidate(function, table: number))
            }
        }
        ElfIndex.order(&found, tables)
        carry(found, beyond: bounds.upperBound)
        guard carried.count <= chunk else { return false }
        return ElfIndex.flatten(&found).forEachRange(in: bounds) { writer.append(start: $0, name: $1) }
    }

    /// Of functions without a size only those that start last can reach further.
    private mutating func carry(_ found: [SymbolCandidate], beyond bound: UInt64) {
        let last = found.last?.start
        carried = found.filter { $0.end > bound && ($0.priority & 1 == 0 || $0.start == last) }
    }
}

/// Cuts the address space of a module into pieces with a bounded number of functions each.
struct AddressPieces {
    private static let buckets = 8192
    /// Most functions of one module: the largest binaries of the field have about 3 million.
    private static let maximumFunctions = 8 << 20

    /// Neighbouring pieces from 0 to 2⁶⁴ − 1.
    let bounds: [Range<UInt64>]
    /// Functions in all of them.
    let functions: Int

    /// `nil` if there are too many functions, or more than `limit` between two bounds that are as close as can be.
    init?(_ tables: [any FunctionTable], limit: Int) {
        guard let span = AddressPieces.span(of: tables) else { return nil }
        let width = (span.upperBound - span.lowerBound) / UInt64(AddressPieces.buckets) + 1
        var counts = [Int](repeating: 0, count: AddressPieces.buckets)
        for table in tables {
            table.forEachFunction { function in
                let bucket = (function.start &- span.lowerBound) / width
                if bucket < UInt64(counts.count) { counts[Int(bucket)] += 1 }
            }
        }
        guard counts.allSatisfy({ $0 <= limit }) else { return nil }
        var cuts: [UInt64] = [0]
        var inPiece = 0
        for (bucket, count) in counts.enumerated() {
            if inPiece + count > limit {
                cuts.append(span.lowerBound + UInt64(bucket) * width)
                inPiece = 0
            }
            inPiece += count
        }
        cuts.append(.max)
        bounds = zip(cuts, cuts.dropFirst()).map { $0..<$1 }
        functions = counts.reduce(0, +)
    }

    private static func span(of tables: [any FunctionTable]) -> Range<UInt64>? {
        var low = UInt64.max
        var high: UInt64 = 0
        var count = 0
        for table in tables {
            table.scanFunctions { function in
                low = min(low, function.start)
                high = max(high, function.start)
                count += 1
                return count > maximumFunctions
            }
        }
        return count > 0 && count <= maximumFunctions ? low..<(high == .max ? high : high + 1) : nil
    }
}
