import Binary
import Platform

/// The files lent with a request for an ELF module.
struct ElfFiles {
    var main: ElfImage?
    var debugFiles: [ElfImage?]
}

/// Names for addresses of an ELF module (offsets in its file).
struct ElfSource {
    private struct Place {
        var offset: UInt64
        var address: UInt64
        var segment: LoadSegment
    }

    let main: ElfImage
    private let tables: [any FunctionTable]
    private let index: ElfIndex

    /// Uses what is remembered of the module, or looks for its symbols.
    init?(_ files: ElfFiles, module: UInt64, cache: inout IndexCache) {
        guard let main = files.main else { return nil }
        self.main = main
        var known: ElfIndex?
        if case .elf(let entry)? = cache.entry(for: module) { known = entry }
        var layers = known?.layers ?? ElfLayers.find(main: main, debugFiles: files.debugFiles)
        var tables = layers.tables(main: main, debugFiles: files.debugFiles)
        if tables == nil {
            known = nil
            layers = ElfLayers.find(main: main, debugFiles: files.debugFiles)
            tables = layers.tables(main: main, debugFiles: files.debugFiles)
        }
        self.tables = tables ?? []
        let isWorthAnIndex = ElfSource.isWorthAnIndex(self.tables, cache)
        if let known, known.ranges != nil || known.isTooLarge || !isWorthAnIndex {
            index = known
            return
        }
        let limit = isWorthAnIndex ? cache.maximumIndexedSymbols : 0
        let ranges = ElfIndex.ranges(of: self.tables, limit: limit)
        index = ElfIndex(layers: layers, ranges: ranges, isTooLarge: isWorthAnIndex && ranges == nil)
        cache.insert(.elf(index), for: module)
    }

    private static func isWorthAnIndex(_ tables: [any FunctionTable], _ cache: IndexCache) -> Bool {
        let symbols = tables.reduce(0) { $0 + $1.count }
        return symbols <= 8 * cache.maximumIndexedSymbols
            && cache.hasRoom(for: 12 * min(symbols, cache.maximumIndexedSymbols))
    }

    /// Answers for sorted addresses.
    func answers(_ addresses: [UInt64], demangler: inout Demangler) -> [(Range<UInt64>, SymbolOutcome)] {
        if tables.isEmpty { return addresses.map { _ in (0..<UInt64.max, .unnamed(.stripped)) } }
        let places = addresses.map(place(ofFileOffset:))
        let found = lookUp(Array(Set(places.compactMap { $0?.address })).sorted())
        var names: [UInt32: SymbolOutcome] = [:]
        return zip(addresses, places).map { offset, place in
            guard let place, let answer = found[place.address] else {
                return (offset..<(offset == .max ? offset : offset + 1), .unnamed(.noSymbol))
            }
            let outcome = names[answer.name] ?? outcome(answer.name, &demangler)
            names[answer.name] = outcome
            return (fileRange(answer.range, place), outcome)
        }
    }

    private func place(ofFileOffset offset: UInt64) -> Place? {
        guard let address = main.address(ofFileOffset: offset),
            let segment = main.segments.first(where: { $0.address <= address && address - $0.address < $0.fileSize })
        else { return nil }
        return Place(offset: offset, address: address, segment: segment)
    }

    private func lookUp(_ addresses: [UInt64]) -> [UInt64: BatchScan.Answer] {
        var result: [UInt64: BatchScan.Answer] = [:]
        if let ranges = index.ranges {
            for address in addresses {
                let (range, name) = ranges.lookUp(address)
                result[address] = BatchScan.Answer(range: range, name: name)
            }
        } else {
            for (address, answer) in zip(addresses, ElfIndex.scan(tables, addresses: addresses)) {
                result[address] = answer
            }
        }
        return result
    }

    private func outcome(_ reference: UInt32, _ demangler: inout Demangler) -> SymbolOutcome {
        guard reference != RangeIndex.hole,
            let name = tables[ElfIndex.table(of: reference)].name(at: ElfIndex.name(of: reference))
        else { return .unnamed(reference == RangeIndex.hole ? .noSymbol : .malformed) }
        return .named(function: demangler.readable(name), systemName: Demangler.text(name))
    }

    /// The part of a range of addresses that lies in the segment, as offsets in the file.
    private func fileRange(_ range: Range<UInt64>, _ place: Place) -> Range<UInt64> {
        let first = max(range.lowerBound, place.segment.address)
        let end = min(range.upperBound, place.segment.address + place.segment.fileSize)
        guard first <= place.address, place.address < end else { return place.offset..<place.offset }
        return (place.offset - (place.address - first))..<(place.offset + (end - place.address))
    }
}
