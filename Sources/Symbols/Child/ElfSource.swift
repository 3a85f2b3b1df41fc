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
        if let known, known.isThere {
            index = known
            return
        }
        index = ElfIndex(layers: layers, ranges: ElfSource.ranges(of: self.tables, cache))
        cache.insert(.elf(index), for: module)
    }

    /// Small tables are indexed in memory, others in a file if there is one.
    private static func ranges(of tables: [any FunctionTable], _ cache: IndexCache) -> ElfIndex.Ranges {
        let limit = cache.maximumIndexedSymbols
        let most = min(limit, tables.reduce(0) { $0 + $1.count })
        if cache.hasRoom(for: 12 * most), let index = ElfIndex.ranges(of: tables, limit: limit) {
            return .inMemory(index)
        }
        guard let file = ElfRangeFile.build(tables, file: cache.scratch) else { return .none }
        return .inFile(file)
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
        var missed: [UInt64] = []
        for address in addresses {
            switch index.ranges {
            case .inMemory(let ranges): result[address] = BatchScan.Answer(ranges.lookUp(address))
            case .inFile(let file): result[address] = file.lookUp(address).map { BatchScan.Answer($0) }
            case .none: break
            }
            if result[address] == nil { missed.append(address) }
        }
        if missed.isEmpty { return result }
        for (address, answer) in zip(missed, ElfIndex.scan(tables, addresses: missed)) { result[address] = answer }
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
