import Binary

/// Source lines and inlined calls for addresses of a module, in pieces of bounded time.
struct LineSource {
    /// Bytes of a unit's line program that libdw may decode; it makes 20 to 50 bytes of each.
    static let maximumLineProgram: UInt64 = 512 << 10
    /// Bytes of line programs after which the file is opened anew, because libdw keeps what it decoded.
    private static let decodedBeforeReopening: UInt64 = 128 << 10
    /// Bytes of all texts of an answer: with the rest it fits into a message.
    private static let maximumTexts = 40 << 10

    private var indices = DwarfIndexCache()
    private var demangler = Demangler()

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
            var image = Self.open(file, index.place)
        else { return addresses.map { _ in .unlocated(.malformed) } }
        index.units.grow(image, &allowance)
        image.dropPages()
        if !index.units.isComplete { return addresses.map { _ in .unlocated(.later) } }
        var decoded: Set<DwarfUnit> = []
        var decodedBytes: UInt64 = 0
        var result: [SymbolOutcome] = []
        for offset in addresses {
            if allowance.check() {
                result.append(.unlocated(.later))
                continue
            }
            guard let address = main.address(ofFileOffset: offset), let unit = index.units.unit(at: address) else {
                result.append(.unlocated(index.units.reasonForNoUnit))
                continue
            }
            if decodedBytes > Self.decodedBeforeReopening, let again = Self.open(file, index.place) {
                image = again
                decoded = []
                decodedBytes = 0
            }
            let size = image.lineProgram(of: unit).flatMap { index.place.lineProgramSize(at: $0, file) }
            if decoded.insert(unit).inserted {
                decodedBytes += size ?? 0
                image.dropPages()
            }
            let hasLines = size ?? 0 <= Self.maximumLineProgram
            result.append(locate(address, unit, hasLines: hasLines, image, &index, &allowance))
        }
        return result
    }

    private static func open(_ file: ElfImage, _ place: DwarfPlace) -> DwarfImage? {
        guard let descriptor = file.descriptorNumber, file.fileSize == place.fileSize else { return nil }
        return DwarfImage(descriptor: descriptor, size: place.fileSize, isPacked: place.isPacked)
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
