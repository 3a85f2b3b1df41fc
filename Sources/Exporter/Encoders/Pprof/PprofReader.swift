import Model

/// Makes a profile of the tables of a file; resolves and checks every reference.
struct PprofReader {
    private let tables: PprofTables
    private let limits: PprofDecoder.Limits
    private var texts: [UInt64: String] = [:]
    private var profile: Profile
    private var modules: [UInt64: Int32] = [:]
    private var frames: [UInt64: Int32] = [:]
    private var children: [UInt64: Int32] = [:]
    private var contexts: [SampleContext: Int32] = [:]
    private var places: [UInt64: Int] = [:]
    private let countIndex: Int?
    private let weightIndex: Int
    /// What one unit of the chosen value weighs in nanoseconds.
    private let scale: Double

    init(_ tables: PprofTables, _ limits: PprofDecoder.Limits) throws(PprofError) {
        self.tables = tables
        self.limits = limits
        guard let first = tables.strings.first, first.isEmpty else { throw .malformed("it has no table of strings") }
        func text(_ index: UInt64) -> String {
            index < UInt64(tables.strings.count) ? String(decoding: tables.strings[Int(index)], as: UTF8.self) : ""
        }
        let types = tables.sampleTypes.map { (type: text($0.type), unit: text($0.unit)) }
        countIndex = types.firstIndex { $0.type == "samples" && $0.unit == "count" }
        let timed = types.indices.filter { types[$0].unit == "nanoseconds" }
        let wanted =
            timed.first { types[$0].type == text(tables.defaultType) } ?? timed.first { types[$0].type == "cpu" }
        if let index = wanted ?? timed.last {
            (weightIndex, scale) = (index, 1)
        } else if let index = countIndex, text(tables.periodType.unit) == "nanoseconds", tables.period > 0 {
            (weightIndex, scale) = (index, Double(tables.period))
        } else {
            let found = types.map { "\($0.type)/\($0.unit)" }.joined(separator: ", ")
            throw .unsuitable(
                "the profile measures no time but \(found.isEmpty ? "nothing" : String(found.prefix(200)))")
        }
        let end = tables.time.addingReportingOverflow(max(0, tables.duration))
        guard tables.time >= 0, !end.overflow else { throw .malformed("its time is impossible") }
        profile = Profile(
            kind: .cpu, startTime: tables.time, endTime: end.partialValue, period: max(0, tables.period))
    }

    mutating func read() throws(PprofError) -> Profile {
        var total: Int64 = 0
        for message in tables.samples {
            let added = total.addingReportingOverflow(try read(message))
            if added.overflow { throw .unsuitable("the number of samples is impossible") }
            total = added.partialValue
        }
        readTruth()
        profile.truth.samples = total
        return profile
    }

    /// Hearth's comments state what a profile is worth: `lost: 3`.
    private mutating func readTruth() {
        for comment in tables.comments {
            let words = text(comment).split(separator: ":", maxSplits: 1)
            guard words.count == 2, let value = Int64(words[1].drop { $0 == " " }), value >= 0 else { continue }
            switch words[0] {
            case "lost": profile.truth.lost = value
            case "truncated": profile.truth.truncated = value
            case "completed": profile.truth.completed = value
            case "broken": profile.truth.broken = value
            case "unnamed": profile.truth.unnamed = value
            default: break
            }
        }
    }

    /// Adds one sample and tells how many it stands for.
    private mutating func read(_ message: ArraySlice<UInt8>) throws(PprofError) -> Int64 {
        var reader = WireReader(message)
        var stack: [UInt64] = []
        var values: [UInt64] = []
        var labels: [ArraySlice<UInt8>] = []
        while let field = try reader.next() {
            switch field.number {
            case 1: try field.value.append(to: &stack, limit: limits.depth)
            case 2: try field.value.append(to: &values, limit: 64)
            case 3: labels.append(field.value.contents)
            default: break
            }
            if labels.count > 256 { throw .tooLarge("more than 256 labels of one sample") }
        }
        guard values.count == tables.sampleTypes.count else { throw .malformed("a sample has too few or many values") }
        let value = Int64(bitPattern: values[weightIndex])
        let count = countIndex.map { Int64(bitPattern: values[$0]) } ?? counted(value)
        guard value >= 0, count >= 0 else {
            throw .unsuitable("the profile is already a difference: it has negative values")
        }
        if value == 0, count == 0 { return 0 }
        let leaf = try node(stack)
        add(leaf, try context(labels), count: count, weight: Double(value) * scale)
        return count
    }

    /// Samples behind a time where the file does not count them.
    private func counted(_ value: Int64) -> Int64 { value > 0 ? max(1, value / max(1, tables.period)) : 0 }

    private mutating func add(_ node: Int32, _ context: Int32, count: Int64, weight: Double) {
        let key = UInt64(UInt32(bitPattern: node)) << 32 | UInt64(UInt32(bitPattern: context))
        let place = places[key] ?? profile.samples.count
        if place == profile.samples.count {
            places[key] = place
            profile.samples.append(ProfileSample(node: node, context: context, count: 0, weight: 0))
        }
        // The sum over all samples is checked, so that no part of it overflows unseen.
        profile.samples[place].count &+= count
        profile.samples[place].weight += weight
    }

    /// The node of a stack whose leaf comes first.
    private mutating func node(_ stack: [UInt64]) throws(PprofError) -> Int32 {
        var place: Int32 = 0
        for id in stack.reversed() {
            let frame = try frame(id)
            let key = UInt64(UInt32(bitPattern: place)) << 32 | UInt64(UInt32(bitPattern: frame))
            if let known = children[key] {
                place = known
                continue
            }
            guard profile.nodes.count < limits.nodes else {
                throw .tooLarge("more than \(limits.nodes) distinct paths")
            }
            let node = Int32(profile.nodes.count)
            profile.nodes.append(StackNode(parent: place, frame: frame))
            children[key] = node
            place = node
        }
        return place
    }

    private mutating func frame(_ id: UInt64) throws(PprofError) -> Int32 {
        if let known = frames[id] { return known }
        guard let location = tables.locations[id] else {
            throw .malformed("a stack names a location that is not there")
        }
        var lines: [SourceLine] = []
        for (function, line) in location.lines {
            guard let found = tables.functions[function] else {
                throw .malformed("a location names a function that is not there")
            }
            let name = text(found.name)
            let systemName = text(found.systemName)
            let shown = name.isEmpty ? systemName : name
            lines.append(
                SourceLine(
                    function: shown.isEmpty ? "[unknown]" : shown, systemName: systemName.isEmpty ? shown : systemName,
                    file: text(found.file), line: Int32(clamping: line)))
        }
        let isMarker = location.mapping == 0 && lines.count == 1 && Marker.named(lines[0].function) != nil
        let module = isMarker ? markerModule() : module(location.mapping)
        let frame = Int32(profile.frames.count)
        profile.frames.append(
            ProfileFrame(
                module: module, address: location.address, name: lines.isEmpty ? .unnamed(.noSymbol) : .lines(lines)))
        frames[id] = frame
        return frame
    }

    private mutating func markerModule() -> Int32 {
        // Mapping 0 means none; this one stands for it among markers.
        append(ModuleInfo(kind: .marker, path: "[hearth]", buildID: ""), as: .max)
    }

    private mutating func module(_ id: UInt64) -> Int32 {
        if let known = modules[id] { return known }
        let mapping = tables.mappings[id]
        let path = text(mapping?.file ?? 0)
        return append(
            ModuleInfo(kind: ModuleKind(path: path), path: path, buildID: text(mapping?.buildID ?? 0)), as: id)
    }

    private mutating func append(_ info: ModuleInfo, as id: UInt64) -> Int32 {
        if let known = modules[id] { return known }
        let module = Int32(profile.modules.count)
        profile.modules.append(info)
        modules[id] = module
        return module
    }

    private mutating func context(_ labels: [ArraySlice<UInt8>]) throws(PprofError) -> Int32 {
        var context = SampleContext(target: "", process: ProcessKey(pid: 0, start: 0), tid: 0, thread: "", comm: "")
        for label in labels {
            var reader = WireReader(label)
            var (key, string, number): (UInt64, UInt64, Int64) = (0, 0, 0)
            while let field = try reader.next() {
                switch field.number {
                case 1: key = field.value.number
                case 2: string = field.value.number
                case 3: number = field.value.signed
                default: break
                }
            }
            context.set(text(key), text(string), Int32(clamping: number))
        }
        if let known = contexts[context] { return known }
        let index = Int32(profile.contexts.count)
        profile.contexts.append(context)
        contexts[context] = index
        return index
    }

    /// A text of the table; empty where there is none.
    private mutating func text(_ index: UInt64) -> String {
        if let known = texts[index] { return known }
        guard index < UInt64(tables.strings.count) else { return "" }
        let text = String(decoding: tables.strings[Int(index)], as: UTF8.self)
        texts[index] = text
        return text
    }
}

extension SampleContext {
    /// Takes a label that Hearth writes; others are passed over.
    fileprivate mutating func set(_ key: String, _ text: String, _ number: Int32) {
        switch key {
        case "target": target = text
        case "thread": thread = text
        case "comm": comm = text
        case "runtime": runtime = text
        case "unit": unit = text
        case "container": container = text
        case "pid": process.pid = number
        case "tid": tid = number
        default: break
        }
    }
}

extension ModuleKind {
    /// By the names that profiles give to what is no file.
    fileprivate init(path: String) {
        switch path {
        case "": self = .unknown
        case "[kernel]", "[kernel.kallsyms]": self = .kernel
        case "[vdso]": self = .vdso
        case "[jit]": self = .jit
        default: self = .elf
        }
    }
}

extension Marker {
    /// The marker that is shown so.
    fileprivate static func named(_ name: String) -> Marker? { allCases.first { $0.name == name } }
}
