import Binary
import StackFixtures
import Unwinder

/// A file of a process, which remembers what was read of it.
final class RecordedFile: ImageBytes {
    let name: String
    /// No engine is to remember what it read: every read is to be seen.
    let number: UInt64 = 0
    let image: ElfImage
    private(set) var bytes: [UInt64: UInt8] = [:]
    private(set) lazy var unwindTable: UnwindTable? = makeTable()

    init(name: String, image: ElfImage) {
        self.name = name
        self.image = image
    }

    /// Address in the process minus address in the file, for an executable mapping of it. Mappings start at pages, so
    /// the segment is looked for by its pages.
    func bias(of line: MapsLine) -> UInt64? {
        if line.path == "[vdso]" { return image.segments.first.map { line.range.lowerBound &- $0.address } }
        let segment = image.segments.first { segment in
            segment.executable && segment.fileOffset & ~4095 <= line.fileOffset
                && line.fileOffset < segment.fileOffset &+ segment.fileSize
        }
        guard let segment else { return nil }
        return line.range.lowerBound &- (segment.address &+ line.fileOffset &- segment.fileOffset)
    }

    var entryPoint: UInt64 { image.entryPoint }

    func readWord(atAddress address: UInt64) -> UInt64? {
        guard let word = image.readWord(atAddress: address) else { return nil }
        for index in 0..<8 { bytes[address &+ UInt64(index)] = UInt8(truncatingIfNeeded: word >> UInt64(index * 8)) }
        return word
    }

    /// Notes bytes that nobody read yet, as far as the file has them.
    func keep(_ range: Range<UInt64>) {
        for address in range where bytes[address] == nil {
            if let byte = image.readByte(atAddress: address) { bytes[address] = byte }
        }
    }

    /// The linker's table, else one made from the section, as the daemon does it.
    private func makeTable() -> UnwindTable? {
        let source = UnnotedBytes(image)
        if let header = image.ehFrameHeader {
            keep(header.address..<header.address &+ 12)
            if let table = UnwindTable(header: header.address, size: header.size, in: source) { return table }
        }
        guard let section = image.section(named: ".eh_frame") else { return nil }
        return UnwindTable(ehFrame: section.address, size: section.size, in: source)
    }

    /// Where the table is, for the fixture.
    var tableKind: RecordedImage.Table {
        guard let table = unwindTable else { return .none }
        if table.index == nil, let header = image.ehFrameHeader {
            return .header(address: header.address, size: header.size, count: table.entryCount)
        }
        guard let section = image.section(named: ".eh_frame") else { return .none }
        return .section(address: section.address, size: section.size)
    }
}

/// Reading that leaves no trace: of whole tables, of which the fixture gets a part.
final class UnnotedBytes: ImageBytes {
    private let image: ElfImage
    let number: UInt64 = 0
    init(_ image: ElfImage) { self.image = image }
    var unwindTable: UnwindTable? { nil }
    func readWord(atAddress address: UInt64) -> UInt64? { image.readWord(atAddress: address) }
}
