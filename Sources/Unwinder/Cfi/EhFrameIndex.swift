/// The sorted table that `.eh_frame_hdr` would have, made from `.eh_frame` itself where the linker left the header out
/// (static programs).
///
/// Layout of the section: LSB core 5.0, 10.6.1: records of CIEs and FDEs, the FDE's first field is the address of its
/// code in the encoding that the CIE's augmentation states.
public struct EhFrameIndex: Sendable {
    /// FDEs of one file that are taken; the largest programs known have 250,000.
    static let maximumEntries = 1 << 20

    /// Pairs of signed 32-bit offsets from the start of the section: code, FDE; sorted by code; as 64-bit words with
    /// the first of a pair in the lower half.
    public let words: [UInt64]

    /// Reads the section once. `nil` if it has no FDE that can be read.
    ///
    /// - Parameter address: address of the section in the image.
    public init?(address: UInt64, size: UInt64, in image: some ImageBytes) {
        var scanner = EhFrameScanner(image: image, start: address, end: address &+ size)
        var pairs: [(code: Int32, fde: Int32)] = []
        while pairs.count < Self.maximumEntries, let entry = scanner.next() {
            let code = Int64(bitPattern: entry.code &- address)
            let fde = Int64(bitPattern: entry.fde &- address)
            if let code = Int32(exactly: code), let fde = Int32(exactly: fde) { pairs.append((code, fde)) }
        }
        if pairs.isEmpty { return nil }
        pairs.sort { $0.code < $1.code }
        words = pairs.map { UInt64(UInt32(bitPattern: $0.fde)) << 32 | UInt64(UInt32(bitPattern: $0.code)) }
    }
}

/// Goes through the records of `.eh_frame`.
private struct EhFrameScanner {
    private let image: any ImageBytes
    private let start: UInt64
    private let end: UInt64
    private var position: UInt64
    /// Encodings by the address of their CIE; programs have a handful.
    private var encodings: [UInt64: UInt8] = [:]

    init(image: any ImageBytes, start: UInt64, end: UInt64) {
        self.image = image
        self.start = start
        self.end = end
        position = start
    }

    /// The next FDE whose code address can be read.
    mutating func next() -> (code: UInt64, fde: UInt64)? {
        while position &+ 8 <= end, let word = image.readWord(atAddress: position) {
            let record = position
            let length = word & 0xffff_ffff
            // 0 ends the section; 0xffffffff starts a 64-bit record, which no x86-64 compiler writes into .eh_frame.
            guard length >= 4, length < 0xffff_ffff, length <= end &- position &- 4 else { return nil }
            position = record &+ 4 &+ length
            let distance = word >> 32
            if distance == 0 { continue }
            let cie = record &+ 4 &- distance
            guard cie >= start, cie < record, let encoding = encoding(of: cie) else { continue }
            var cursor = ByteCursor(image, at: record &+ 8, count: length - 4)
            if let code = try? cursor.pointer(encoding) { return (code, record) }
        }
        return nil
    }

    private mutating func encoding(of cie: UInt64) -> UInt8? {
        if let known = encodings[cie] { return known }
        guard encodings.count < 1024, let found = try? CommonInformation(at: cie, in: image) else { return nil }
        encodings[cie] = found.pointerEncoding
        return found.pointerEncoding
    }
}
