/// Why call frame information could not be read.
enum CfiError: Error {
    /// The file does not have the bytes, or cannot be read now: another attempt may succeed.
    case unreadable
    /// The bytes contradict themselves or use what is not known here.
    case malformed
    /// What one walk may read has been read.
    case exhausted
}

/// Reads bytes of an image one after the other, never beyond a limit.
///
/// Eight bytes are fetched at a time, since a read of an image is a call into another module.
struct ByteCursor {
    private let image: any ImageBytes
    /// Address in the image of the next byte.
    private(set) var address: UInt64
    /// Bytes that may still be read.
    private(set) var remaining: UInt64
    /// The next bytes, the first in the lowest place.
    private var window: UInt64 = 0
    private var windowCount = 0

    /// - Parameter count: bytes from the address on that may be read.
    init(_ image: any ImageBytes, at address: UInt64, count: UInt64) {
        self.image = image
        self.address = address
        remaining = count
    }

    /// Lets go of everything beyond a number of bytes.
    mutating func limit(to count: UInt64) throws(CfiError) {
        guard count <= remaining else { throw .malformed }
        remaining = count
    }

    mutating func byte() throws(CfiError) -> UInt8 {
        guard remaining > 0 else { throw .malformed }
        if windowCount == 0 { try refill() }
        let byte = UInt8(truncatingIfNeeded: window)
        window >>= 8
        windowCount &-= 1
        address &+= 1
        remaining &-= 1
        return byte
    }

    /// The last bytes of a segment are in no word that starts with them: they are cut out of an earlier one.
    private mutating func refill() throws(CfiError) {
        for behind in 0..<8 as Range<UInt64> {
            guard let word = image.readWord(atAddress: address &- behind) else { continue }
            window = word >> (behind * 8)
            windowCount = 8 - Int(behind)
            return
        }
        throw .unreadable
    }

    mutating func skip(_ count: UInt64) throws(CfiError) {
        guard count <= remaining else { throw .malformed }
        address &+= count
        remaining &-= count
        windowCount = 0
    }

    /// An unsigned number of 1 to 8 bytes, little-endian.
    mutating func unsigned(_ bytes: UInt64) throws(CfiError) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<bytes { value |= UInt64(try byte()) << (index &* 8) }
        return value
    }

    /// A signed number of 1 to 8 bytes, little-endian.
    mutating func signed(_ bytes: UInt64) throws(CfiError) -> Int64 {
        let shift = 64 &- bytes &* 8
        return Int64(bitPattern: try unsigned(bytes) << shift) >> shift
    }

    /// An unsigned number of at most 10 bytes (DWARF 5, 7.6); what does not fit into 64 bits is cut off.
    mutating func uleb128() throws(CfiError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0 as UInt64, to: 70, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw .malformed
    }

    /// A signed number of at most 10 bytes (DWARF 5, 7.6).
    mutating func sleb128() throws(CfiError) -> Int64 {
        var value: UInt64 = 0
        for shift in stride(from: 0 as UInt64, to: 70, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7f) << shift
            guard byte & 0x80 == 0 else { continue }
            if byte & 0x40 != 0 { value |= ~UInt64(0) << (shift + 7) }
            return Int64(bitPattern: value)
        }
        throw .malformed
    }

    /// An address as `.eh_frame` writes them (LSB core 5.0, 10.5.1): absptr, udata2/4/8, sdata2/4/8, absolute or
    /// relative to its own place. Those in other memory (indirect) cannot be read out of a file.
    mutating func pointer(_ encoding: UInt8) throws(CfiError) -> UInt64 {
        let place = address
        let value = try offset(encoding)
        switch encoding & 0xf0 {
        case 0x00: return value
        case 0x10: return place &+ value
        default: throw .malformed
        }
    }

    /// The number in an encoded address, without what it is relative to.
    mutating func offset(_ encoding: UInt8) throws(CfiError) -> UInt64 {
        switch encoding & 0x0f {
        case 0x00, 0x04, 0x0c: try unsigned(8)
        case 0x02: try unsigned(2)
        case 0x03: try unsigned(4)
        case 0x0a: UInt64(bitPattern: try signed(2))
        case 0x0b: UInt64(bitPattern: try signed(4))
        default: throw .malformed
        }
    }
}
