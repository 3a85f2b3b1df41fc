import Synchronization
public import Unwinder

/// The process of a fixture as an unwinder sees it.
public final class FixtureSpace: CodeSpace {
    /// Unlike that of any other space in this program.
    public let generation: UInt64
    private let mappings: [RecordedMapping]
    private let images: [FixtureImage]

    private static let numbers = Atomic<UInt64>(1 << 40)
    static func nextNumber() -> UInt64 { numbers.wrappingAdd(1, ordering: .relaxed).newValue }

    /// The process of a fixture.
    public init(_ fixture: StackFixture) {
        generation = Self.nextNumber()
        mappings = fixture.mappings
        images = fixture.images.map { FixtureImage($0) }
    }

    /// Reads of bytes that the process had and the fixture has not: name of the file, address in it. A walk that meets
    /// one proves nothing.
    public var missing: [(image: String, address: UInt64)] {
        images.flatMap { image in image.missing.map { (image.name, $0) } }
    }

    private func mapping(at address: UInt64) -> RecordedMapping? {
        var low = 0
        var high = mappings.count
        while low < high {
            let middle = (low + high) / 2
            if mappings[middle].range.upperBound <= address { low = middle + 1 } else { high = middle }
        }
        return low < mappings.count && mappings[low].range.contains(address) ? mappings[low] : nil
    }

    /// See ``CodeSpace``.
    public func image(at address: UInt64) -> MappedImage? {
        guard let mapping = mapping(at: address) else { return nil }
        return MappedImage(
            range: mapping.range, bias: mapping.bias, bytes: mapping.image.map { images[$0] }, isMade: mapping.isMade)
    }

    /// See ``CodeSpace``: of all mapped files by their bias.
    public func readData(at address: UInt64) -> UInt64? {
        for mapping in mappings {
            guard let image = mapping.image.map({ images[$0] }) else { continue }
            if image.covers(address &- mapping.bias) { return image.readWord(atAddress: address &- mapping.bias) }
        }
        return nil
    }

    /// See ``CodeSpace``.
    public func isForeign(_ address: UInt64) -> Bool { mapping(at: address)?.isForeign ?? false }
}

/// A recorded file.
///
/// Where the table of `.eh_frame_hdr` was not recorded it reads as copies of the nearest pair in front of it (or behind
/// it, at the start): it stays sorted, so that every way of searching it ends at the same pair as in the whole table.
final class FixtureImage: ImageBytes {
    let name: String
    /// Unlike that of any other image in this program.
    let number: UInt64
    let entryPoint: UInt64
    private let record: RecordedImage
    private(set) var missing: [UInt64] = []
    private(set) lazy var unwindTable: UnwindTable? = makeTable()

    init(_ record: RecordedImage) {
        number = FixtureSpace.nextNumber()
        name = record.name
        entryPoint = record.entryPoint
        self.record = record
    }

    /// Whether the file had 8 bytes at an address.
    func covers(_ address: UInt64) -> Bool {
        record.segments.contains { segment in
            segment.contains(address) && segment.upperBound - address >= 8
        }
    }

    func readWord(atAddress address: UInt64) -> UInt64? {
        guard covers(address) else { return nil }
        if let word = record.bytes.word(at: address) { return word }
        var word: UInt64 = 0
        for index in 0..<8 {
            guard let byte = byte(at: address &+ UInt64(index)) else {
                missing.append(address)
                return nil
            }
            word |= UInt64(byte) << UInt64(index * 8)
        }
        return word
    }

    private func byte(at address: UInt64) -> UInt8? {
        if case .header(let header, _, let count) = record.table {
            let offset = address &- header &- 12
            if offset / 8 < count, address >= header &+ 12 { return pairByte(at: offset) }
        }
        return record.bytes.byte(at: address)
    }

    private func pairByte(at offset: UInt64) -> UInt8? {
        let index = offset / 8
        var low = 0
        var high = record.pairs.count
        while low < high {
            let middle = (low + high) / 2
            if record.pairs[middle].index <= index { low = middle + 1 } else { high = middle }
        }
        guard let pair = low > 0 ? record.pairs[low - 1] : record.pairs.first else { return nil }
        return UInt8(truncatingIfNeeded: pair.word >> (offset % 8 * 8))
    }

    private func makeTable() -> UnwindTable? {
        switch record.table {
        case .none: nil
        case .header(let address, let size, _): UnwindTable(header: address, size: size, in: self)
        case .section(let address, let size): UnwindTable(ehFrame: address, size: size, in: self)
        }
    }
}
