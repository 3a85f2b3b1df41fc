import Binary

/// Source lines and inlined calls for addresses of a module, in pieces of bounded time.
struct LineSource {
    /// Bytes of a unit's line program that libdw may decode; it makes 20 to 50 bytes of each.
    static let maximumLineProgram: UInt64 = 512 << 10
    /// Bytes of line programs after which libdw forgets what it decoded; it keeps everything by itself.
    private static let decodedBeforeForgetting: UInt64 = 128 << 10
    /// Bytes of all texts of an answer: with the rest it fits into a message.
    private static let maximumTexts = 40 << 10

    private let scratch: ScratchFile
    private var indices = DwarfIndexCache()
    private var demangler = Demangler()

    init(scratch: ScratchFile) { self.scratch = scratch }

    /// One outcome for each address of the request (offsets in the main file).
    mutating func answers(_ request: SymbolRequest, _ sorted: [UInt64], _ files: ElfFiles) -> [SymbolOutcome] {
        var index: DwarfIndex
        if let known = indices.take(request.module), known.place.image(in: files) != nil {
            index = known
        } else {
            switch DwarfPlace.find(files) {
            case .success(let place): index = DwarfIndex(place)
            case .failure(let reason): return sorted.map { _ in .unlocated(reason) }
            }
        }
        var allowance = TimeAllowance(nanoseconds: request.cpuLimit)
        let result = locate(sorted, files, &index, &allowance)
        indices.keep(index, of: request.module)
        return result
    }

    private mutating func locate(
        _ addresses: [UInt64], _ files: ElfFiles, _ index: inout DwarfIndex, _ allowance: inout TimeAllowance
    ) -> [SymbolOutcome] {
        guard let main = files.main, let file = index.place.image(in: files),
            let image = open(file, &index)
        else { return addresses.map { _ in .unlocated(.malformed) } }
        index.units.grow(image, &allowance)
        image.dropPages()
        if !index.units.isComplete { return addresses.map { _ in .unlocated(.later) } }
        var result = addresses.map { _ in SymbolOutcome.unlocated(index.units.reasonForNoUnit) }
        var current: DwarfUnit?
        var decodedBytes: UInt64 = 0
        for (number, address, unit) in Self.byUnit(addresses, main, index) {
            if allowance.check() {
                result[number] = .unlocated(.later)
                continue
            }
            let size = image.lineProgramSize(of: unit)
            if current != unit {
                if decodedBytes > Self.decodedBeforeForgetting {
                    image.forgetDecoded()
                    decodedBytes = 0
                }
                image.dropPages()
                current = unit
                decodedBytes += size
            }
            let hasLines = size <= Self.maximumLineProgram
            result[number] = locate(address, unit, hasLines: hasLines, image, &index, &allowance)
        }
        return result
    }

    /// Numbers of the addresses that a unit covers, with their virtual address: one unit after the other, so that each
    /// line program is decoded once.
    private static func byUnit(
        _ addresses: [UInt64], _ main: ElfImage, _ index: DwarfIndex
    ) -> [(number: Int, address: UInt64, unit: DwarfUnit)] {
        var result: [(number: Int, address: UInt64, unit: DwarfUnit)] = []
        for (number, offset) in addresses.enumerated() {
            if let address = main.address(ofFileOffset: offset), let unit = index.units.unit(at: address) {
                result.append((number, address, unit))
            }
        }
        return result.sorted { ($0.unit.entry, $0.number) < ($1.unit.entry, $1.number) }
    }

    /// The file itself, or what was unpacked of it.
    private func open(_ file: ElfImage, _ index: inout DwarfIndex) -> DwarfImage? {
        guard let descriptor = file.descriptorNumber, file.fileSize == index.place.fileSize else { return nil }
        if !index.place.isPacked {
            return DwarfImage(
                descriptor: descriptor, offset: 0, size: index.place.fileSize, lines: index.place.lineSection)
        }
        if index.unpacked?.generation != scratch.generation { index.unpacked = UnpackedDwarf.make(file, scratch) }
        return index.unpacked.flatMap {
            DwarfImage(descriptor: scratch.number, offset: $0.start, size: $0.size, lines: $0.lineSection)
        }
    }

    /// The chain of functions at an address, innermost first.
    private mutating func locate(
        _ address: UInt64, _ unit: DwarfUnit, hasLines: Bool, _ image: borrowing DwarfImage, _ index: inout DwarfIndex,
        _ allowance: inout TimeAllowance
    ) -> SymbolOutcome {
        if unit.isSplit { return .unlocated(.split) }
        let functions = index.functions(of: unit, image, &allowance)
        if functions.isTooLarge { return .unlocated(.budget) }
        guard functions.isComplete else { return .unlocated(.later) }
        guard let function = functions.function(at: address) else { return .unlocated(.noLine) }
        guard let calls = DwarfInlines.calls(at: address, in: function, end: unit.end, image, &allowance) else {
            return .unlocated(.later)
        }
        var place = hasLines ? image.line(at: address, of: unit) : ([], 0)
        var lines: [LocatedLine] = []
        for entry in calls.reversed() + [function] {
            guard let name = image.name(of: entry) else {
                return .unlocated(index.place.hasAlternate ? .alternate : .malformed)
            }
            lines.append(line(name, place))
            if entry != function {
                let call = image.callSite(of: entry)
                place = (hasLines ? image.file(call.file, of: unit) : [], call.line)
            }
        }
        return .located(lines.map { $0.cut(to: Self.maximumTexts / 3 / lines.count) })
    }

    private mutating func line(_ name: [UInt8], _ place: (file: [UInt8], line: Int32)) -> LocatedLine {
        LocatedLine(
            function: demangler.readable(name), systemName: Demangler.text(name), file: Demangler.text(place.file),
            line: UInt32(clamping: place.line))
    }
}
