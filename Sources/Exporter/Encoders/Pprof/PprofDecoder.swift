public import Model

/// Reads `perftools.profiles.Profile`, compressed or not, as any program may have written it (profile.proto of
/// google/pprof). Memory stays within a small multiple of the limits whatever the file says.
public enum PprofDecoder {
    /// Bounds of what is read.
    public struct Limits: Sendable {
        /// Bytes after decompression.
        public var bytes = 128 << 20
        /// Frames of one stack.
        public var depth = 16_384
        /// Distinct paths of all stacks.
        public var nodes = 8 << 20
        /// Of each table: strings, functions, locations, mappings, labels of one sample.
        public var entries = 4 << 20
        /// The defaults.
        public init() {}
    }

    /// The profile of time in a file.
    public static func decode(_ file: [UInt8], limits: Limits = Limits()) throws(PprofError) -> Profile {
        var message = file
        if file.starts(with: [0x1f, 0x8b]) {
            guard let bytes = try Gzip.decompress(file, limit: limits.bytes) else {
                throw .malformed("the compressed data are damaged")
            }
            message = bytes
        }
        guard message.count <= limits.bytes else { throw .tooLarge("more than \(limits.bytes >> 20) MiB") }
        var tables = PprofTables()
        try tables.read(message[...], limits)
        var reader = try PprofReader(tables, limits)
        return try reader.read()
    }
}

/// The tables of a file as they stand there: references between them are not resolved yet.
struct PprofTables {
    struct Location {
        var mapping: UInt64 = 0
        var address: UInt64 = 0
        /// Function and line, the innermost first.
        var lines: [(function: UInt64, line: Int64)] = []
    }

    struct Function {
        var name: UInt64 = 0
        var systemName: UInt64 = 0
        var file: UInt64 = 0
    }

    var strings: [ArraySlice<UInt8>] = []
    var sampleTypes: [(type: UInt64, unit: UInt64)] = []
    var periodType: (type: UInt64, unit: UInt64) = (0, 0)
    var samples: [ArraySlice<UInt8>] = []
    var mappings: [UInt64: (file: UInt64, buildID: UInt64)] = [:]
    var locations: [UInt64: Location] = [:]
    var functions: [UInt64: Function] = [:]
    private var lineCount = 0
    var comments: [UInt64] = []
    var defaultType: UInt64 = 0
    var time: Int64 = 0
    var duration: Int64 = 0
    var period: Int64 = 0

    mutating func read(_ message: ArraySlice<UInt8>, _ limits: PprofDecoder.Limits) throws(PprofError) {
        var reader = WireReader(message)
        while let field = try reader.next() {
            try read(field, limits)
            let largest = max(
                strings.count, samples.count, locations.count, functions.count, mappings.count, lineCount)
            guard largest <= limits.entries, sampleTypes.count <= 64 else {
                throw .tooLarge("more than \(limits.entries) entries in a table")
            }
        }
    }

    private mutating func read(_ field: WireReader.Field, _ limits: PprofDecoder.Limits) throws(PprofError) {
        switch field.number {
        case 1: sampleTypes.append(try Self.pair(field.value.contents))
        case 2: samples.append(field.value.contents)
        case 3: try readMapping(field.value.contents)
        case 4: try readLocation(field.value.contents, limits)
        case 5: try readFunction(field.value.contents)
        case 6: strings.append(field.value.contents)
        case 9: time = field.value.signed
        case 10: duration = field.value.signed
        case 11: periodType = try Self.pair(field.value.contents)
        case 12: period = field.value.signed
        case 13: try field.value.append(to: &comments, limit: 1_024)
        case 14: defaultType = field.value.number
        default: break
        }
    }

    /// ValueType: type 1, unit 2.
    private static func pair(_ bytes: ArraySlice<UInt8>) throws(PprofError) -> (type: UInt64, unit: UInt64) {
        var reader = WireReader(bytes)
        var result: (type: UInt64, unit: UInt64) = (0, 0)
        while let field = try reader.next() {
            if field.number == 1 { result.type = field.value.number }
            if field.number == 2 { result.unit = field.value.number }
        }
        return result
    }

    private mutating func readMapping(_ bytes: ArraySlice<UInt8>) throws(PprofError) {
        var reader = WireReader(bytes)
        var id: UInt64 = 0
        var mapping: (file: UInt64, buildID: UInt64) = (0, 0)
        while let field = try reader.next() {
            if field.number == 1 { id = field.value.number }
            if field.number == 5 { mapping.file = field.value.number }
            if field.number == 6 { mapping.buildID = field.value.number }
        }
        mappings[id] = mapping
    }

    private mutating func readLocation(
        _ bytes: ArraySlice<UInt8>, _ limits: PprofDecoder.Limits
    ) throws(PprofError) {
        var reader = WireReader(bytes)
        var id: UInt64 = 0
        var location = Location()
        while let field = try reader.next() {
            switch field.number {
            case 1: id = field.value.number
            case 2: location.mapping = field.value.number
            case 3: location.address = field.value.number
            case 4:
                let (function, line) = try Self.pair(field.value.contents)
                location.lines.append((function, Int64(bitPattern: line)))
                if location.lines.count > 1_024 { throw .tooLarge("more than 1024 functions at one address") }
            default: break
            }
        }
        lineCount += location.lines.count
        locations[id] = location
    }

    private mutating func readFunction(_ bytes: ArraySlice<UInt8>) throws(PprofError) {
        var reader = WireReader(bytes)
        var id: UInt64 = 0
        var function = Function()
        while let field = try reader.next() {
            switch field.number {
            case 1: id = field.value.number
            case 2: function.name = field.value.number
            case 3: function.systemName = field.value.number
            case 4: function.file = field.value.number
            default: break
            }
        }
        functions[id] = function
    }
}
