/// Bytes at some addresses.
public struct SparseBytes: Sendable {
    /// Bytes that follow each other.
    public struct Piece: Hashable, Sendable {
        /// Address of the first byte.
        public var start: UInt64
        /// At least one.
        public var bytes: [UInt8]
        /// First address behind the bytes.
        public var end: UInt64 { start &+ UInt64(bytes.count) }
    }

    /// Sorted, without overlap, never touching.
    public private(set) var pieces: [Piece] = []

    /// Nothing.
    public init() {}

    /// The bytes of a dictionary.
    public init(_ bytes: [UInt64: UInt8]) {
        for (address, byte) in bytes.sorted(by: { $0.key < $1.key }) { append([byte], at: address) }
    }

    /// Adds bytes behind all others; `false` if they are not behind them, or reach over the end of the address space.
    @discardableResult
    public mutating func append(_ bytes: [UInt8], at start: UInt64) -> Bool {
        guard !bytes.isEmpty, !start.addingReportingOverflow(UInt64(bytes.count)).overflow else { return false }
        guard let last = pieces.last else {
            pieces.append(Piece(start: start, bytes: bytes))
            return true
        }
        guard start >= last.end else { return false }
        if start == last.end {
            pieces[pieces.count - 1].bytes += bytes
        } else {
            pieces.append(Piece(start: start, bytes: bytes))
        }
        return true
    }

    /// The byte at an address, `nil` if it is not known: O(log n).
    public func byte(at address: UInt64) -> UInt8? {
        guard let piece = piece(at: address) else { return nil }
        return pieces[piece].bytes[Int(address - pieces[piece].start)]
    }

    /// The 8 bytes at an address, `nil` unless all are known.
    public func word(at address: UInt64) -> UInt64? {
        guard let index = piece(at: address), pieces[index].end - address >= 8 else { return nil }
        let offset = Int(address - pieces[index].start)
        return (0..<8).reduce(0) { $0 | UInt64(pieces[index].bytes[offset + $1]) << UInt64($1 * 8) }
    }

    private func piece(at address: UInt64) -> Int? {
        var low = 0
        var high = pieces.count
        while low < high {
            let middle = (low + high) / 2
            if pieces[middle].start <= address { low = middle + 1 } else { high = middle }
        }
        return low > 0 && address < pieces[low - 1].end ? low - 1 : nil
    }
}
