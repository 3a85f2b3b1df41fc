import Binary
import Platform
import Runtimes
import StackFixtures
import Unwinder

/// A process that a debugger holds, as the daemon would see it, with every read noted.
final class StoppedProcess: CodeSpace {
    let generation: UInt64 = 1
    private(set) var mappings: [RecordedMapping] = []
    private(set) var images: [RecordedFile] = []
    private let cache = BlockCache()
    private let pid: Int32
    private let options: RecorderOptions
    /// Memory of the process.
    private let memory: FileDescriptor

    init(pid: Int32, options: RecorderOptions) throws {
        self.pid = pid
        self.options = options
        memory = try FileDescriptor.open("/proc/\(pid)/mem")
        var numbers: [String: Int] = [:]
        for line in try MapsLine.all(of: pid) where line.isExecutable {
            let key = "\(line.device) \(line.inode) \(line.path)"
            if numbers[key] == nil, let file = open(line) {
                numbers[key] = images.count
                images.append(file)
            }
            mappings.append(mapping(line, image: numbers[key]))
        }
    }

    private func mapping(_ line: MapsLine, image: Int?) -> RecordedMapping {
        guard let image, let bias = images[image].bias(of: line) else {
            let isMade = line.inode == 0 && !line.path.hasPrefix("[v")
            return RecordedMapping(range: line.range, image: nil, bias: 0, isForeign: false, isMade: isMade)
        }
        let isForeign = !options.nativeRuntimes && FrameReaders.reader(for: images[image].image) != nil
        return RecordedMapping(range: line.range, image: image, bias: bias, isForeign: isForeign)
    }

    /// The file behind a mapping, also if it has no name any more; `nil` for what has no file.
    private func open(_ line: MapsLine) -> RecordedFile? {
        let name = line.path.split(separator: "/").last.map { String($0.prefix { $0 != " " }) } ?? "unnamed"
        if options.unreadable.contains(name) { return nil }
        if line.path == "[vdso]" {
            guard let bytes = read(line.range), let image = try? ElfImage(bytes: bytes) else { return nil }
            return RecordedFile(name: name, image: image)
        }
        guard line.path.hasPrefix("/"), line.inode != 0 else { return nil }
        let place = "/proc/\(pid)/map_files/\(line.addresses)"
        guard let file = try? FileDescriptor.open(place),
            let image = try? ElfImage(file: file, number: UInt32(images.count + 1), cache: cache)
        else { return nil }
        return RecordedFile(name: name, image: image)
    }

    /// Memory of the process, `nil` unless all of it is readable.
    func read(_ range: Range<UInt64>) -> [UInt8]? {
        guard range.count <= 1 << 20 else { return nil }
        var bytes = [UInt8](repeating: 0, count: range.count)
        // SAFETY: the buffer is lent for the call.
        let got = unsafe bytes.withUnsafeMutableBytes { unsafe try? memory.read(at: range.lowerBound, into: $0) }
        return got == range.count ? bytes : nil
    }

    /// Memory of the process up to the first byte that cannot be read, page by page.
    func readable(_ range: Range<UInt64>) -> [UInt8] {
        var bytes: [UInt8] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min((start & ~4095) &+ 4096, range.upperBound)
            guard let page = read(start..<end) else { break }
            bytes += page
            start = end
        }
        return bytes
    }

    func recordedMapping(at address: UInt64) -> RecordedMapping? { mappings.first { $0.range.contains(address) } }

    func image(at address: UInt64) -> MappedImage? {
        guard let mapping = recordedMapping(at: address) else { return nil }
        return MappedImage(
            range: mapping.range, bias: mapping.bias, bytes: mapping.image.map { images[$0] }, isMade: mapping.isMade)
    }

    func readData(at address: UInt64) -> UInt64? {
        for mapping in mappings {
            guard let image = mapping.image else { continue }
            if let word = images[image].readWord(atAddress: address &- mapping.bias) { return word }
        }
        return nil
    }

    func isForeign(_ address: UInt64) -> Bool { recordedMapping(at: address)?.isForeign ?? false }
}
