import Binary
import Platform

/// Dispatches requests to the source that their kind names.
struct NameSource {
    private var indices: IndexCache
    private var demangler = Demangler()
    private let blocks = BlockCache(bytes: 1 << 20)
    private var nextImage: UInt32 = 1
    private var lines: LineSource

    init(indexBytes: Int, scratch: ScratchFile) {
        indices = IndexCache(budget: indexBytes, scratch: scratch)
        lines = LineSource(scratch: scratch)
    }

    /// One answer for each address of the request. Takes over the descriptors.
    mutating func answers(to request: SymbolRequest, descriptors: [Int32]) -> [SymbolAnswer] {
        let order = request.addresses.indices.sorted { request.addresses[$0] < request.addresses[$1] }
        let sorted = order.map { request.addresses[$0] }
        let found = outcomes(request, sorted, descriptors)
        return zip(order, found).map { SymbolAnswer(index: UInt16($0), range: $1.0, outcome: $1.1) }
    }

    private mutating func outcomes(
        _ request: SymbolRequest, _ sorted: [UInt64], _ descriptors: [Int32]
    ) -> [(Range<UInt64>, SymbolOutcome)] {
        guard let first = descriptors.first else { return malformed(sorted) }
        if request.question == .lines {
            let found = lines.answers(request, sorted, open(descriptors))
            return zip(sorted, found).map { ($0..<($0 == .max ? $0 : $0 + 1), $1) }
        }
        switch request.kind {
        case .elf:
            let files = open(descriptors)
            guard let source = ElfSource(files, module: request.module, cache: &indices) else {
                return malformed(sorted)
            }
            return source.answers(sorted, demangler: &demangler)
        case .kallsyms:
            return kallsyms(request, sorted, FileDescriptor(owning: first))
        case .perfMap:
            return perfMap(request, sorted, FileDescriptor(owning: first))
        }
    }

    private func malformed(_ sorted: [UInt64]) -> [(Range<UInt64>, SymbolOutcome)] {
        sorted.map { _ in (0..<UInt64.max, .unnamed(.malformed)) }
    }

    private mutating func open(_ descriptors: [Int32]) -> ElfFiles {
        var images: [ElfImage?] = []
        for descriptor in descriptors {
            images.append(
                try? ElfImage(
                    file: FileDescriptor(owning: descriptor), number: nextImage, cache: blocks))
            nextImage &+= 1
        }
        return ElfFiles(main: images.removeFirst(), debugFiles: images)
    }

    private mutating func kallsyms(
        _ request: SymbolRequest, _ sorted: [UInt64], _ file: consuming FileDescriptor
    ) -> [(Range<UInt64>, SymbolOutcome)] {
        let index: KallsymsIndex
        if case .kallsyms(let known)? = indices.entry(for: request.module), known.isThere {
            index = known
        } else {
            index = KallsymsIndex(reading: file, scratch: indices.scratch)
            indices.insert(.kallsyms(index), for: request.module)
        }
        return sorted.map { index.answer($0) }
    }

    private mutating func perfMap(
        _ request: SymbolRequest, _ sorted: [UInt64], _ file: consuming FileDescriptor
    ) -> [(Range<UInt64>, SymbolOutcome)] {
        var index = PerfMapIndex(identity: request.identity)
        if case .perfMap(let known)? = indices.entry(for: request.module),
            known.isOf(identity: request.identity, size: request.size)
        {
            index = known
        }
        let fits = index.grow(file, size: request.size, limit: indices.maximumMapRanges)
        if fits { indices.insert(.perfMap(index), for: request.module) } else { indices.remove(request.module) }
        let unique = Array(Set(sorted)).sorted()
        let found = fits ? unique.map(index.lookUp) : PerfMapIndex.scan(file, size: request.size, addresses: unique)
        let byAddress = Dictionary(uniqueKeysWithValues: zip(unique, found))
        var result: [(Range<UInt64>, SymbolOutcome)] = []
        for address in sorted {
            let answer = byAddress[address] ?? BatchScan.Answer(range: address..<address, name: RangeIndex.hole)
            result.append((answer.range, PerfMapIndex.outcome(file, answer.name)))
        }
        return result
    }
}
