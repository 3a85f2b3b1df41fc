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
private struct EhFrameScanner<Image: ImageBytes> {
    private let image: Image
    private let start: UInt64
    private let end: UInt64
    private var position: UInt64
    /// Encodings by the address of their CIE; programs have a handful.
    private var encodings: [UInt64: UInt8] = [:]

    init(image: Image, start: UInt64, end: UInt64) {
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
            if let code = pointer(at: record &+ 8, encoding: encoding) { return (code, record) }
        }
        return nil
    }

    private mutating func encoding(of cie: UInt64) -> UInt8? {
        if let known = encodings[cie] { return known }
        guard encodings.count < 1024, let found = CIEAugmentation.pointerEncoding(of: cie, in: image)
        else { return nil }
        encodings[cie] = found
        return found
    }

    /// DW_EH_PE_absptr, or pcrel with udata4, sdata4, udata8 and sdata8 (LSB core 5.0, 10.5.1).
    private func pointer(at place: UInt64, encoding: UInt8) -> UInt64? {
        guard let word = image.readWord(atAddress: place) else { return nil }
        let value: UInt64? =
            switch encoding & 0x0f {
            case 0x00, 0x04, 0x0c: word
            case 0x03: word & 0xffff_ffff
            case 0x0b: UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: word)))
            default: nil
            }
        guard let value else { return nil }
        switch encoding & 0x70 {
        case 0x00: return value
        case 0x10: return place &+ value
        default: return nil
        }
    }
}

/// The part of a CIE that says how addresses are written.
enum CIEAugmentation {
    /// The encoding of code addresses: that of the letter R, absolute without it; `nil` for unknown letters.
    static func pointerEncoding(of cie: UInt64, in image: some ImageBytes) -> UInt8? {
        var reader = ByteCursor(image: image, address: cie &+ 8)
        guard let version = reader.byte(), version == 1 || version == 3 else { return nil }
        var letters: [UInt8] = []
        while let letter = reader.byte(), letter != 0 {
            letters.append(letter)
            if letters.count > 8 { return nil }
        }
        guard letters.first == UInt8(ascii: "z") else { return letters.isEmpty ? 0 : nil }
        // Code alignment, data alignment, return address register, length of the augmentation.
        for _ in 0..<4 { guard reader.skipLEB128() else { return nil } }
        return encoding(letters.dropFirst(), &reader)
    }

    private static func encoding(_ letters: ArraySlice<UInt8>, _ reader: inout ByteCursor<some ImageBytes>) -> UInt8? {
        for letter in letters {
            switch letter {
            case UInt8(ascii: "R"): return reader.byte()
            case UInt8(ascii: "L"): _ = reader.byte()
            case UInt8(ascii: "P"):
                guard let encoding = reader.byte(), reader.skipPointer(encoding) else { return nil }
            case UInt8(ascii: "S"), UInt8(ascii: "B"): break
            default: return nil
            }
        }
        return 0
    }
}

/// Reads bytes of an image one after the other.
struct ByteCursor<Image: ImageBytes> {
    let image: Image
    var address: UInt64

    mutating func byte() -> UInt8? {
        guard let word = image.readWord(atAddress: address) else { return nil }
        address &+= 1
        return UInt8(truncatingIfNeeded: word)
    }

    /// Passes over a number of at most 10 bytes (DWARF 5, 7.6).
    mutating func skipLEB128() -> Bool {
        for _ in 0..<10 {
            guard let byte = byte() else { return false }
            if byte & 0x80 == 0 { return true }
        }
        return false
    }

    mutating func skipPointer(_ encoding: UInt8) -> Bool {
        switch encoding & 0x0f {
        case 0x00, 0x04, 0x0c: address &+= 8
        case 0x03, 0x0b: address &+= 4
        case 0x02, 0x0a: address &+= 2
        default: return false
        }
        return true
    }
}
