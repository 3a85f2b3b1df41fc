import Binary
import StackFixtures
import Unwinder

/// Makes the recorded part of a file.
struct ImagePart {
    let file: RecordedFile
    let frames: FramePart

    func record() -> RecordedImage {
        let buildID = file.image.buildID.reduce(into: "") { text, byte in
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        var record = RecordedImage(name: file.name, buildID: buildID)
        record.segments = file.image.segments.compactMap { segment in
            segment.fileSize > 0 ? segment.address..<(segment.address &+ segment.fileSize) : nil
        }
        record.entryPoint = file.entryPoint
        record.table = file.tableKind
        switch record.table {
        case .none: record.bytes = SparseBytes(file.bytes)
        case .header(let address, _, let count): fillHeader(&record, table: address &+ 12, count: count)
        case .section(let address, let size): record.bytes = SparseBytes(section(address..<(address &+ size)))
        }
        return record
    }

    /// Bytes of the table become pairs.
    private func fillHeader(_ record: inout RecordedImage, table start: UInt64, count: UInt64) {
        let range = start..<(start &+ count * 8)
        var wanted = frames.pairs
        for address in file.bytes.keys where range.contains(address) { wanted.insert((address - start) / 8) }
        if wanted.isEmpty { wanted.insert(0) }
        record.pairs = wanted.sorted().compactMap { index in
            file.image.readWord(atAddress: start &+ index * 8).map { RecordedImage.Pair(index: index, word: $0) }
        }
        record.bytes = SparseBytes(file.bytes.filter { !range.contains($0.key) })
    }

    /// The section with the records that are needed; each gap between them is a record of its length whose identifier 0
    /// says that it is a CIE, to which no FDE refers.
    private func section(_ section: Range<UInt64>) -> [UInt64: UInt8] {
        var bytes = file.bytes
        var address = section.lowerBound
        var gap: UInt64?
        while address &+ 8 <= section.upperBound, let length = file.image.readUInt32(atAddress: address), length > 0 {
            let next = address &+ 4 &+ UInt64(length)
            if frames.records.contains(address) {
                if let start = gap { fill(start..<address, &bytes) }
                gap = nil
            } else if gap == nil {
                gap = address
            }
            address = next
        }
        if let start = gap { fill(start..<address, &bytes) }
        for place in address..<min(address &+ 8, section.upperBound) { bytes[place] = 0 }
        return bytes
    }

    private func fill(_ gap: Range<UInt64>, _ bytes: inout [UInt64: UInt8]) {
        let length = UInt32(gap.count - 4)
        let head = (0..<8).map { $0 < 4 ? UInt8(truncatingIfNeeded: length >> UInt32($0 * 8)) : 0 }
        for address in gap where address < gap.lowerBound &+ 24 || gap.upperBound - address <= 16 {
            let index = Int(address - gap.lowerBound)
            bytes[address] = index < head.count ? head[index] : 0
        }
        for address in gap where bytes[address] != nil && address >= gap.lowerBound &+ 8 { bytes[address] = 0 }
    }
}
