extension ElfImage {
    /// Most bytes and entries of notes that are looked at.
    private static let maximumNoteBytes: UInt64 = 1 << 20
    private static let maximumNotes = 1024
    private static let maximumBuildID: UInt64 = 64

    func findBuildID() -> [UInt8] {
        for range in noteSegments {
            if let id = buildID(in: range) { return id }
        }
        guard let section = section(named: ".note.gnu.build-id") else { return [] }
        return buildID(in: FileRange(offset: section.fileOffset, size: section.size)) ?? []
    }

    /// Walks notes {u32 name size, u32 descriptor size, u32 type}, name and descriptor padded to 4 bytes (gABI,
    /// "Note Section"); the build-id is type 3 (NT_GNU_BUILD_ID) of "GNU".
    private func buildID(in range: FileRange) -> [UInt8]? {
        var position = range.offset
        var left = min(range.size, ElfImage.maximumNoteBytes)
        for _ in 0..<ElfImage.maximumNotes where left >= 12 {
            guard let sizes = readWord(atFileOffset: position), let type = readUInt32(atFileOffset: position &+ 8)
            else { return nil }
            let nameSize = (sizes & 0xffff_ffff + 3) & ~3
            let size = sizes >> 32
            let total = 12 + nameSize + (size + 3) & ~3
            if type == 3, nameSize == 4, readUInt32(atFileOffset: position &+ 12) == 0x55_4e47 {
                return size <= ElfImage.maximumBuildID ? bytes(atFileOffset: position &+ 16, count: Int(size)) : nil
            }
            guard total <= left else { return nil }
            position &+= total
            left -= total
        }
        return nil
    }

    func readDebugLink() -> DebugLink? {
        guard let section = section(named: ".gnu_debuglink"), section.size >= 8, section.size <= 512,
            let bytes = bytes(atFileOffset: section.fileOffset, count: Int(section.size)),
            let end = bytes.firstIndex(of: 0), end > 0, !bytes[0..<end].contains(UInt8(ascii: "/"))
        else { return nil }
        let name = String(decoding: bytes[0..<end], as: UTF8.self)
        let checksum = (end + 4) & ~3
        guard checksum + 4 <= bytes.count, name != ".", name != ".." else { return nil }
        let crc = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[checksum + $1]) << (8 * UInt32($1)) }
        return DebugLink(name: name, crc: crc)
    }
}
