import Analysis
import Model
import SwiftProtobuf

/// `perftools.profiles.Profile`, gzip-compressed: what `go tool pprof` opens.
enum PprofEncoder {
    /// Readers take the bare message too, so that is what is left when there is no memory to compress.
    static func encode(_ document: ProfileDocument) -> [UInt8] {
        let message = message(document)
        return Gzip.compress(message) ?? message
    }

    /// The file before its compression.
    static func message(_ document: ProfileDocument) -> [UInt8] { message(document.profile, base: nil) }

    /// - Parameter base: the first context of samples that are compared with; these get the label `pprof::base`.
    static func message(_ profile: Profile, base: Int?) -> [UInt8] {
        var builder = PprofBuilder(profile, base: base)
        let profile = builder.build()
        // A message of only known fields and no required ones always serializes.
        return (try? profile.serializedBytes()) ?? []
    }
}

/// The pprof message while it is filled; identifiers are dense and start with 1.
private struct PprofBuilder {
    private let profile: Profile
    private let base: Int?
    private var output = PprofProfile()
    private var strings: [String: Int64] = ["": 0]
    private var functions: [SourceFunction: UInt64] = [:]
    private var mappings: [UInt64]
    private var locations: [UInt64]
    private var ranges: [ModuleRange]

    /// What makes two lines the same function.
    private struct SourceFunction: Hashable {
        var name: String
        var systemName: String
        var file: String
        var module: Int32
    }

    init(_ profile: Profile, base: Int?) {
        self.profile = profile
        self.base = base
        mappings = [UInt64](repeating: 0, count: profile.modules.count)
        locations = [UInt64](repeating: 0, count: profile.frames.count)
        ranges = ModuleRange.of(profile)
        output.stringTable = [""]
    }

    mutating func build() -> PprofProfile {
        fillHead()
        if let main = MainModule.index(of: profile) { _ = mapping(main) }
        for sample in profile.samples { append(sample) }
        fillComments()
        return output
    }

    private mutating func fillHead() {
        let weight = valueType(profile.kind.typeName, profile.kind.unit)
        output.sampleType = [valueType("samples", "count"), weight]
        output.periodType = weight
        output.period = profile.period
        output.timeNanos = profile.startTime
        output.durationNanos = profile.duration
        output.defaultSampleType = string(profile.kind.typeName)
    }

    private mutating func fillComments() {
        let truth = profile.truth.fields.map { "\($0.name): \($0.value)" }
        output.comment = (["written by hearth"] + truth).map { string($0) }
    }

    private mutating func append(_ sample: ProfileSample) {
        var message = PprofSample()
        var node = sample.node
        while node > 0 {
            let entry = profile.nodes[Int(node)]
            message.locationID.append(location(entry.frame))
            node = entry.parent
        }
        message.value = [sample.count, NumberText.rounded(sample.weight)]
        message.label = labels(profile.contexts[Int(sample.context)])
        if let base, Int(sample.context) >= base { message.label.append(text("pprof::base", "true")) }
        output.sample.append(message)
    }

    private mutating func labels(_ context: SampleContext) -> [PprofLabel] {
        let texts = [
            ("target", context.target), ("thread", context.thread), ("comm", context.comm),
            ("runtime", context.runtime), ("unit", context.unit), ("container", context.container),
        ]
        var labels: [PprofLabel] = []
        for (key, value) in texts where !value.isEmpty { labels.append(text(key, value)) }
        labels.append(number("pid", Int64(context.process.pid)))
        labels.append(number("tid", Int64(context.tid)))
        return labels
    }

    private mutating func location(_ index: Int32) -> UInt64 {
        let known = locations[Int(index)]
        if known != 0 { return known }
        let frame = profile.frames[Int(index)]
        var message = PprofLocation()
        message.id = UInt64(output.location.count) + 1
        message.mappingID = mapping(frame.module)
        message.address = frame.address
        message.line = lines(frame)
        output.location.append(message)
        locations[Int(index)] = message.id
        return message.id
    }

    private mutating func lines(_ frame: ProfileFrame) -> [PprofLine] {
        guard case .lines(let lines) = frame.name, !lines.isEmpty else {
            let name = FunctionTable.placeholder(frame, in: profile)
            return [line(SourceLine(function: name, systemName: name), module: frame.module)]
        }
        return lines.map { line($0, module: frame.module) }
    }

    private mutating func line(_ line: SourceLine, module: Int32) -> PprofLine {
        var message = PprofLine()
        message.functionID = function(line, module: module)
        message.line = Int64(line.line)
        return message
    }

    private mutating func function(_ line: SourceLine, module: Int32) -> UInt64 {
        let key = SourceFunction(name: line.function, systemName: line.systemName, file: line.file, module: module)
        if let known = functions[key] { return known }
        var message = PprofFunction()
        message.id = UInt64(output.function.count) + 1
        message.name = string(line.function)
        message.systemName = string(line.systemName)
        message.filename = string(line.file)
        output.function.append(message)
        functions[key] = message.id
        return message.id
    }

    private mutating func mapping(_ index: Int32) -> UInt64 {
        guard profile.modules.indices.contains(Int(index)), profile.modules[Int(index)].kind != .marker else {
            return 0
        }
        let known = mappings[Int(index)]
        if known != 0 { return known }
        let module = profile.modules[Int(index)]
        let range = ranges[Int(index)]
        var message = PprofMapping()
        message.id = UInt64(output.mapping.count) + 1
        message.memoryStart = range.start
        message.memoryLimit = range.limit
        message.filename = string(module.kind == .kernel ? "[kernel]" : module.path)
        message.buildID = string(module.buildID)
        message.hasFunctions_p = range.hasFunctions
        message.hasFilenames_p = range.hasFilenames
        message.hasLineNumbers_p = range.hasLineNumbers
        message.hasInlineFrames_p = range.hasInlineFrames
        output.mapping.append(message)
        mappings[Int(index)] = message.id
        return message.id
    }

    private mutating func string(_ text: String) -> Int64 {
        if let known = strings[text] { return known }
        let index = Int64(output.stringTable.count)
        output.stringTable.append(PlainText.line(text))
        strings[text] = index
        return index
    }

    private mutating func valueType(_ type: String, _ unit: String) -> PprofValueType {
        var message = PprofValueType()
        message.type = string(type)
        message.unit = string(unit)
        return message
    }

    private mutating func number(_ key: String, _ value: Int64) -> PprofLabel {
        var message = PprofLabel()
        message.key = string(key)
        message.num = value
        return message
    }

    private mutating func text(_ key: String, _ value: String) -> PprofLabel {
        var message = PprofLabel()
        message.key = string(key)
        message.str = string(value)
        return message
    }
}
