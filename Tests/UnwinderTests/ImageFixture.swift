import TestKit
import Unwinder

/// Bytes at an address, as an image. Reads of eight bytes that lie only partly inside are refused, unless the image is
/// followed by others in its file, which `padding` stands for.
final class FlatImage: ImageBytes {
    let address: UInt64
    let bytes: [UInt8]

    let number: UInt64
    var unwindTable: UnwindTable?
    var entryPoint: UInt64 = 0

    init(address: UInt64, _ bytes: [UInt8], padding: Int = 0, number: UInt64 = 0) {
        self.address = address
        self.number = number
        self.bytes = bytes + [UInt8](repeating: 0, count: padding)
    }

    func readWord(atAddress address: UInt64) -> UInt64? {
        let offset = address &- self.address
        guard bytes.count >= 8, offset <= UInt64(bytes.count - 8) else { return nil }
        return unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: Int(offset), as: UInt64.self) }
    }
}

/// Images at places, as the code of a process.
final class FlatSpace: CodeSpace {
    var images: [MappedImage]
    var generation: UInt64
    /// Code that belongs to a runtime.
    var foreign: Range<UInt64> = 0..<0

    init(_ images: [MappedImage], generation: UInt64 = 1) {
        self.images = images
        self.generation = generation
    }

    func image(at address: UInt64) -> MappedImage? { images.first { $0.range.contains(address) } }
    func isForeign(_ address: UInt64) -> Bool { foreign.contains(address) }
    func readData(at address: UInt64) -> UInt64? {
        for image in images {
            if let word = image.bytes?.readWord(atAddress: address &- image.bias) { return word }
        }
        return nil
    }
}

extension [UInt8] {
    /// A number in little-endian order.
    static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<(Number.bitWidth / 8)).map { UInt8(truncatingIfNeeded: number >> Number($0 * 8)) }
    }
}

/// Parts of files.
enum FileReader {
    static func bytes(_ path: String, at offset: UInt64, count: Int) throws -> [UInt8] {
        let text = try Command.run("/usr/bin/tail", ["-c", "+\(offset + 1)", path])
        return Array(text.bytes.prefix(count))
    }
}
