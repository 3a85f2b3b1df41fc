import StackFixtures
import Unwinder

/// A recorded file whose bytes can be changed.
///
/// Where a table of `.eh_frame_hdr` was recorded in part it is there without the gaps: a search ends at the same pair.
final class ChangeableImage: ImageBytes {
    let number: UInt64
    let entryPoint: UInt64
    private var segments: [Range<UInt64>]
    private var pieces: [Piece] = []
    /// All pieces, one behind the other.
    private(set) var bytes: [UInt8] = []
    private var table: RecordedImage.Table
    private(set) lazy var unwindTable: UnwindTable? = makeTable()
    /// Whether addresses that were not recorded read as others that were: so that a changed offset leads somewhere.
    var readsAnywhere = false
    /// Words read since the copy was made.
    private(set) var reads = 0

    private struct Piece {
        var start: UInt64
        var end: UInt64
        var offset: Int
    }

    init(_ record: RecordedImage, number: UInt64) {
        self.number = number
        entryPoint = record.entryPoint
        segments = record.segments
        table = record.table
        var all = record.bytes.pieces.map { ($0.start, $0.bytes) }
        if case .header(let address, _, _) = record.table {
            let count = UInt64(record.pairs.count)
            table = .header(address: address, size: 12 + 8 * count, count: count)
            let words = record.pairs.flatMap { pair in (0..<8).map { UInt8(truncatingIfNeeded: pair.word >> ($0 * 8)) }
            }
            let head = Self.head(all, address, count: UInt32(truncatingIfNeeded: count))
            all.removeAll { $0.0 >= address && $0.0 < address + 12 }
            all.append((address, head + words))
        }
        for (start, piece) in all.sorted(by: { $0.0 < $1.0 }) { append(piece, at: start) }
    }

    /// The header of the table, with another count.
    private static func head(_ pieces: [(UInt64, [UInt8])], _ address: UInt64, count: UInt32) -> [UInt8] {
        var head: [UInt8] = [1, 0x1b, 0x03, 0x3b, 0, 0, 0, 0]
        for (start, bytes) in pieces where start <= address && address - start + 8 <= UInt64(bytes.count) {
            head = Array(bytes[Int(address - start)..<Int(address - start) + 8])
        }
        return head + (0..<4).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }
    }

    /// Adds a piece; what an earlier one covers is left out.
    private func append(_ piece: [UInt8], at start: UInt64) {
        let skipped = Int(clamping: max(start, pieces.last?.end ?? 0) - start)
        guard skipped < piece.count else { return }
        let first = start + UInt64(skipped)
        pieces.append(Piece(start: first, end: start + UInt64(piece.count), offset: bytes.count))
        bytes += piece[skipped...]
    }

    private init(copying other: ChangeableImage, number: UInt64) {
        self.number = number
        entryPoint = other.entryPoint
        segments = other.segments
        pieces = other.pieces
        bytes = other.bytes
        table = other.table
        readsAnywhere = other.readsAnywhere
    }

    /// A copy to be changed, with a number that no other image has.
    func copy(number: UInt64) -> ChangeableImage { ChangeableImage(copying: self, number: number) }

    func readWord(atAddress address: UInt64) -> UInt64? {
        reads &+= 1
        guard segments.contains(where: { $0.contains(address) && $0.upperBound - address >= 8 }) else { return nil }
        if let piece = piece(at: address), piece.end - address >= 8 {
            return word(at: piece.offset + Int(address - piece.start))
        }
        guard readsAnywhere, bytes.count > 8 else { return joined(at: address) }
        return word(at: Int(address % UInt64(bytes.count - 8)))
    }

    private func word(at offset: Int) -> UInt64 {
        // SAFETY: callers have seen that eight bytes follow.
        unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    }

    /// A word that lies in pieces that touch.
    private func joined(at address: UInt64) -> UInt64? {
        var word: UInt64 = 0
        for index in 0..<8 as Range<UInt64> {
            guard let piece = piece(at: address &+ index) else { return nil }
            word |= UInt64(bytes[piece.offset + Int(address &+ index - piece.start)]) << (index * 8)
        }
        return word
    }

    private func piece(at address: UInt64) -> Piece? {
        var low = 0
        var high = pieces.count
        while low < high {
            let middle = (low + high) / 2
            if pieces[middle].start <= address { low = middle + 1 } else { high = middle }
        }
        return low > 0 && address < pieces[low - 1].end ? pieces[low - 1] : nil
    }

    private func makeTable() -> UnwindTable? {
        switch table {
        case .none: nil
        case .header(let address, let size, _): UnwindTable(header: address, size: size, in: self)
        case .section(let address, let size): UnwindTable(ehFrame: address, size: size, in: self)
        }
    }

    // MARK: Changes

    /// Writes over bytes of a piece.
    func change(_ input: inout InputReader) {
        guard !pieces.isEmpty else { return }
        let piece = pieces[input.below(pieces.count)]
        let offset = piece.offset + input.below(Int(piece.end - piece.start))
        let kind = input.byte()
        switch kind & 3 {
        case 0: bytes[offset] ^= 1 << (kind >> 2 & 7)
        case 1: bytes[offset] = input.byte()
        case 2:
            let source = input.below(bytes.count)
            for index in 0..<Int(kind >> 2) where max(source, offset) + index < bytes.count {
                bytes[offset + index] = bytes[source + index]
            }
        default:
            for index in 0...Int(kind >> 2 & 7) where offset + index < bytes.count {
                bytes[offset + index] = input.byte()
            }
        }
    }

    /// Moves or resizes the table, or makes it one of another kind.
    func changeTable(_ input: inout InputReader) {
        let kind = input.byte()
        guard !pieces.isEmpty else { return }
        let piece = pieces[input.below(pieces.count)]
        let size = kind & 4 == 0 ? input.number(3) : input.number(8)
        let address = piece.start &+ input.number(1)
        switch kind & 3 {
        case 0: table = .header(address: address, size: size, count: 0)
        case 1: table = .section(address: address, size: size)
        case 2: table = .section(address: piece.start, size: piece.end - piece.start)
        default: table = .none
        }
    }

    func changeSegment(_ input: inout InputReader) {
        guard !segments.isEmpty else { return }
        let index = input.below(segments.count)
        let size = input.number(3)
        let start = input.byte() & 1 == 0 ? segments[index].lowerBound : input.number(8)
        segments[index] = start..<max(start, start &+ size)
    }
}
