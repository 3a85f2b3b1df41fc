import Binary
import Model
import Runtimes
import TestKit
import Unwinder

@testable import Sampler

/// Changed ELF files as the sampler uses them: headers, build-id, unwind tables, Go's frame tables, and walks through
/// their code.
final class ImageSuite: FuzzSuite {
    static let name = "image"
    static let maximumInput = 256

    private var files: [PatchedFile]
    private let engine = UnwindEngine(verifyEvery: 0)
    private var nextModule: UInt32 = 0
    private var frames: [UnwoundFrame] = []

    init() throws { files = try PatchedFile.load([.plainC, .bare, .muslStatic, .cxx, .swift, .musl, .goStripped]) }

    func seeds() -> [[UInt8]] { files.indices.map { [UInt8($0), 0] } }

    /// An input: the number of a file, what is cut off, changes.
    func run(_ input: [UInt8]) {
        var reader = InputReader(input)
        let file = reader.below(files.count)
        files[file].withChanges(&reader) { bytes in
            guard let image = try? ElfImage(bytes: bytes) else { return }
            ask(image)
            walk(image)
        }
    }

    /// What the sampler asks of a file.
    private func ask(_ image: ElfImage) {
        promise(image.segments.count <= ElfImage.maximumProgramHeaders && image.buildID.count <= 64)
        _ = image.debugLink
        for segment in image.segments {
            for address in [segment.address, segment.address &+ segment.fileSize &- 8, segment.address &- 1] {
                _ = image.readWord(atAddress: address)
            }
            _ = image.address(ofFileOffset: segment.fileOffset)
        }
        guard let table = PclnTab(image: image) else { return }
        for index in [0, 1, table.count / 2, table.count - 1] {
            guard let function = table.function(at: index) else { continue }
            _ = table.name(of: function)
            _ = table.stackDelta(at: function.entry &+ 4, in: function)
            _ = table.function(at: function.entry)
        }
    }

    private func walk(_ image: ElfImage) {
        nextModule &+= 1
        let module = Module(
            id: ModuleID(rawValue: nextModule), identity: .anonymous,
            info: ModuleInfo(kind: .elf, path: "/a", buildID: ""))
        module.open(image)
        guard let space = ModuleSpace(module, generation: UInt64(nextModule)), let code = space.code else { return }
        for start in 0..<6 as Range<UInt64> {
            frames.removeAll(keepingCapacity: true)
            let stack = FramesOfCode.stack(in: code, seed: start &* 31 &+ 7)
            // SAFETY: the sample does not leave the closure.
            _ = unsafe stack.words.withUnsafeBytes { bytes in
                unsafe engine.unwind(
                    StackSample(registers: stack.registers, stack: bytes, isCut: false), in: space, into: &frames)
            }
            if let reader = module.frameReader { step(reader, stack) }
        }
    }

    private func step(_ reader: any FrameReader, _ stack: FramesOfCode) {
        var frame = FrameState(
            pc: stack.registers.instructionPointer, sp: stack.registers.stackPointer,
            framePointer: stack.registers.framePointer, isExact: true)
        for _ in 0..<64 {
            guard case .next(let caller) = reader.step(frame, bias: 0, stack: stack) else { return }
            frame = caller
        }
    }
}

/// A process that has one file mapped at its own addresses.
private final class ModuleSpace: CodeSpace {
    let generation: UInt64
    private let module: Module
    private let mappings: [Mapping]

    init?(_ module: Module, generation: UInt64) {
        self.module = module
        self.generation = generation
        var maps = ProcessMaps()
        guard let image = module.image else { return nil }
        for segment in image.segments where segment.executable && segment.fileSize > 0 {
            let (end, overflow) = segment.address.addingReportingOverflow(segment.fileSize)
            if overflow { continue }
            let mapping = Mapping(range: segment.address..<end, fileOffset: segment.fileOffset, module: module)
            maps.insert(mapping)
        }
        mappings = maps.mappings
    }

    var code: Range<UInt64>? { mappings.first?.range }

    func image(at address: UInt64) -> MappedImage? {
        guard let mapping = mappings.first(where: { $0.range.contains(address) }), let bias = module.bias(of: mapping)
        else { return nil }
        return MappedImage(range: mapping.range, bias: bias, bytes: module)
    }

    func readData(at address: UInt64) -> UInt64? { module.readWord(atAddress: address) }
    func isForeign(_ address: UInt64) -> Bool { false }
}

/// A stack that is full of addresses of code and of itself.
struct FramesOfCode: StackBytes {
    var words: [UInt64]
    var registers: Registers
    private static let start: UInt64 = 0x7fff_0000_0000

    static func stack(in code: Range<UInt64>, seed: UInt64) -> FramesOfCode {
        var generator = SeededGenerator(seed)
        let size = max(1, UInt64(clamping: code.upperBound - code.lowerBound))
        let words = (0..<64).map { index -> UInt64 in
            switch generator.next() & 3 {
            case 0: start &+ UInt64(index &+ 2) &* 8
            case 1: generator.next()
            default: code.lowerBound &+ generator.next() % size
            }
        }
        var registers = Registers()
        for index in 0..<16 { registers.values[index] = start &+ (generator.next() & 0x1f8) }
        registers.stackPointer = start
        registers.instructionPointer = code.lowerBound &+ generator.next() % size
        return FramesOfCode(words: words, registers: registers)
    }

    func word(at address: UInt64) -> UInt64? {
        let offset = address &- Self.start
        return offset & 7 == 0 && offset / 8 < UInt64(words.count) ? words[Int(offset / 8)] : nil
    }

    var end: (address: UInt64, isCut: Bool) { (Self.start + UInt64(words.count * 8), false) }
}
