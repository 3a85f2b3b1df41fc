import Binary
import Model
import TestKit

@testable import Symbols

/// Changed ELF files as the child without rights reads them: symbol tables, the packed one, Go's, and demangling.
final class SymbolSuite: FuzzSuite {
    static let name = "symbol"
    static let maximumInput = 256

    private var files: [PatchedFile]
    private var demangler = Demangler()
    private let scratch: ScratchFile

    init() throws {
        files = try PatchedFile.load([.plainC, .cxx, .miniDebug, .muslStatic, .bare, .swift, .goStripped])
        scratch = try ScratchFile.make()
    }

    func seeds() -> [[UInt8]] { files.indices.flatMap { [[UInt8($0), 0, 0], [UInt8($0), 1, 0]] } }

    /// An input: the number of a file, whether an index is made, what is cut off, changes.
    func run(_ input: [UInt8]) {
        var reader = InputReader(input)
        let file = reader.below(files.count)
        let isIndexed = reader.byte() & 1 == 0
        files[file].withChanges(&reader) { bytes in
            guard let image = try? ElfImage(bytes: bytes) else { return }
            // Without room for an index the tables are read through, or the ranges go into the file.
            var cache = IndexCache(budget: isIndexed ? 8 << 20 : 1 << 10, scratch: scratch)
            let files = ElfFiles(main: image, debugFiles: [])
            for _ in 0..<2 {
                guard let source = ElfSource(files, module: 1, cache: &cache) else { continue }
                check(source, addresses(of: image))
            }
        }
    }

    /// Offsets in the file, sorted.
    private func addresses(of image: ElfImage) -> [UInt64] {
        let code = image.segments.first { $0.executable }
        let start = code?.fileOffset ?? 0
        let size = max(1, code?.fileSize ?? 1)
        var generator = SeededGenerator(size)
        return ((0..<6).map { _ in start &+ generator.next() % size } + [0, .max]).sorted()
    }

    private func check(_ source: ElfSource, _ addresses: [UInt64]) {
        let answers = source.answers(addresses, demangler: &demangler)
        promise(answers.count == addresses.count, "an address without an answer")
        for (_, outcome) in answers {
            guard case .named(let function, _) = outcome else { continue }
            promise(function.utf8.count <= 4 * Wire.maximumName, "a name without end")
        }
    }
}
