import Binary
import Platform
import StackFixtures
import Unwinder

/// The code of a process as the daemon sees it: executable mappings, files read by `pread` through the block cache.
final class ProcessCode: CodeSpace {
    let generation: UInt64 = 1
    /// Sorted by address.
    let mappings: [Mapping]
    private var last: MappedImage?

    struct Mapping {
        var range: Range<UInt64>
        var bias: UInt64
        var file: MappedFile?
        var isMade: Bool
    }

    init(pid: Int32) throws {
        let cache = BlockCache()
        var files: [String: MappedFile] = [:]
        var found: [Mapping] = []
        for line in try MapsLine.all(of: pid) where line.isExecutable {
            if files[line.file] == nil { files[line.file] = MappedFile(line, pid: pid, number: files.count + 1, cache) }
            let file = files[line.file]
            let bias = file?.bias(of: line)
            let isMade = line.inode == 0 && line.path != "[vdso]"
            found.append(Mapping(range: line.range, bias: bias ?? 0, file: bias == nil ? nil : file, isMade: isMade))
        }
        mappings = found
    }

    func image(at address: UInt64) -> MappedImage? {
        if let last, last.range.contains(address) { return last }
        var low = 0
        var high = mappings.count
        while low < high {
            let middle = (low + high) / 2
            if mappings[middle].range.upperBound <= address { low = middle + 1 } else { high = middle }
        }
        guard low < mappings.count, mappings[low].range.contains(address) else { return nil }
        let mapping = mappings[low]
        last = MappedImage(range: mapping.range, bias: mapping.bias, bytes: mapping.file, isMade: mapping.isMade)
        return last
    }

    func readData(at address: UInt64) -> UInt64? {
        for mapping in mappings {
            if let word = mapping.file?.readWord(atAddress: address &- mapping.bias) { return word }
        }
        return nil
    }

    func isForeign(_ address: UInt64) -> Bool { false }
}

/// A file of the process.
final class MappedFile: ImageBytes {
    let number: UInt64
    let image: ElfImage
    /// Where the file can be opened.
    let path: String
    private(set) lazy var unwindTable: UnwindTable? = makeTable()

    init?(_ line: MapsLine, pid: Int32, number: Int, _ cache: BlockCache) {
        self.number = UInt64(number)
        path = "/proc/\(pid)/map_files/\(line.addresses)"
        if line.path == "[vdso]" {
            guard let bytes = line.memory(of: pid), let image = try? ElfImage(bytes: bytes) else { return nil }
            self.image = image
        } else {
            guard line.inode != 0, let file = try? FileDescriptor.open(path),
                let image = try? ElfImage(file: file, number: UInt32(number), cache: cache)
            else { return nil }
            self.image = image
        }
    }

    func readWord(atAddress address: UInt64) -> UInt64? { image.readWord(atAddress: address) }
    var entryPoint: UInt64 { image.entryPoint }

    /// Mappings start at pages, so the segment is looked for by its pages.
    func bias(of line: MapsLine) -> UInt64? {
        let segment = image.segments.first { segment in
            segment.executable && segment.fileOffset & ~4095 <= line.fileOffset
                && line.fileOffset < segment.fileOffset &+ segment.fileSize
        }
        guard let segment else { return nil }
        return line.range.lowerBound &- (segment.address &+ line.fileOffset &- segment.fileOffset)
    }

    private func makeTable() -> UnwindTable? {
        if let header = image.ehFrameHeader,
            let table = UnwindTable(header: header.address, size: header.size, in: self)
        {
            return table
        }
        guard let section = image.section(named: ".eh_frame") else { return nil }
        return UnwindTable(ehFrame: section.address, size: section.size, in: self)
    }
}

extension MapsLine {
    /// What the same file has in common.
    fileprivate var file: String { "\(inode) \(path)" }

    /// The bytes that are mapped.
    fileprivate func memory(of pid: Int32) -> [UInt8]? {
        guard let memory = try? FileDescriptor.open("/proc/\(pid)/mem") else { return nil }
        var bytes = [UInt8](repeating: 0, count: range.count)
        // SAFETY: the buffer is lent for the call.
        let got = unsafe bytes.withUnsafeMutableBytes { unsafe try? memory.read(at: range.lowerBound, into: $0) }
        return got == bytes.count ? bytes : nil
    }
}
