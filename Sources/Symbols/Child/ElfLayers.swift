import Binary

/// Where the symbols of an ELF module are, the best place first: its own table, a debug file's, the packed table
/// beside the dynamic one, Go's, the dynamic one alone.
enum ElfLayer: Equatable {
    case main(type: UInt32)
    case debugFile(index: Int)
    case packed
    case goTable
}

/// The outcome of the search for symbols, remembered with the index.
struct ElfLayers {
    var places: [ElfLayer]
    /// The unpacked `.gnu_debugdata`, if it is in use.
    var packed: ElfImage?
    var packedBytes = 0

    /// Looks for tables in the files of a module. A debug file counts if its build-id is that of the main file, or its
    /// checksum that of the link when one of them has no build-id.
    static func find(main: ElfImage, debugFiles: [ElfImage?]) -> ElfLayers {
        if hasFunctions(main, ElfSection.typeSymbols) {
            return ElfLayers(places: [.main(type: ElfSection.typeSymbols)])
        }
        for (index, file) in debugFiles.enumerated() {
            if let file, isDebugFile(file, of: main), hasFunctions(file, ElfSection.typeSymbols) {
                return ElfLayers(places: [.debugFile(index: index)])
            }
        }
        let dynamic: [ElfLayer] =
            hasFunctions(main, ElfSection.typeDynamicSymbols) ? [.main(type: ElfSection.typeDynamicSymbols)] : []
        if let packed = MiniDebugInfo.image(in: main), hasFunctions(packed, ElfSection.typeSymbols) {
            return ElfLayers(places: [.packed] + dynamic, packed: packed, packedBytes: Int(clamping: packed.fileSize))
        }
        if let table = GoFunctionTable(main), table.hasFunction() { return ElfLayers(places: [.goTable] + dynamic) }
        return ElfLayers(places: dynamic)
    }

    static func isDebugFile(_ file: ElfImage, of main: ElfImage) -> Bool {
        if !main.buildID.isEmpty, !file.buildID.isEmpty { return main.buildID == file.buildID }
        guard let link = main.debugLink else { return false }
        return MiniDebugInfo.checksum(of: file) == link.crc
    }

    private static func hasFunctions(_ image: ElfImage, _ type: UInt32) -> Bool {
        guard let table = ElfSymbolTable(image, type: type) else { return false }
        return table.hasFunction()
    }

    /// The tables, as they are in the files of this request; `nil` if a file that was used is missing now.
    func tables(main: ElfImage, debugFiles: [ElfImage?]) -> [any FunctionTable]? {
        var tables: [any FunctionTable] = []
        for place in places {
            guard let table = table(place, main, debugFiles) else { return nil }
            tables.append(table)
        }
        return tables
    }

    private func table(_ place: ElfLayer, _ main: ElfImage, _ debugFiles: [ElfImage?]) -> (any FunctionTable)? {
        switch place {
        case .main(let type): ElfSymbolTable(main, type: type)
        case .debugFile(let index): debugFiles.indices.contains(index) ? ElfLayers.symbols(of: debugFiles[index]) : nil
        case .packed: ElfLayers.symbols(of: packed)
        case .goTable: GoFunctionTable(main)
        }
    }

    private static func symbols(of image: ElfImage?) -> ElfSymbolTable? {
        image.flatMap { ElfSymbolTable($0, type: ElfSection.typeSymbols) }
    }
}
