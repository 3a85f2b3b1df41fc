/// What a lent descriptor is.
public enum ModuleFileKind: UInt8, Sendable {
    /// An ELF file; addresses are offsets in it. The vDSO is one, lent as a memfd.
    case elf = 0
    /// The text of `/proc/kallsyms`; addresses are virtual.
    case kallsyms = 1
    /// A perf map (`START SIZE name`, hexadecimal); addresses are virtual.
    case perfMap = 2
}

/// What is asked of the child.
enum SymbolQuestion: UInt8 {
    /// The function's name out of symbol tables: answered at once.
    case names = 0
    /// Source line and inlined calls out of DWARF, as far as `cpuLimit` reaches.
    case lines = 1
}

/// Limits of the messages between the daemon and its child. One SOCK_SEQPACKET message each, little-endian.
enum Wire {
    static let magic: UInt32 = 0x3153_4848
    /// Addresses in a request.
    static let maximumAddresses = 256
    /// Bytes in a message.
    static let maximumMessage = 60 << 10
    /// Debug files lent beside the main file.
    static let maximumDebugFiles = 4
    /// Bytes of a mangled name; longer ones are not demangled.
    static let maximumMangled = 8 << 10
    /// Bytes of a name in an answer; longer ones are cut.
    static let maximumName = 4 << 10
    /// Sequence number of the message that the child sends when its walls stand.
    static let hello: UInt32 = 0xffff_ffff
    /// The status of an answer with lines; 0 is a name, others are reasons.
    static let located: UInt8 = 255
}

/// Names or lines wanted for addresses of one module.
struct SymbolRequest: Equatable {
    var sequence: UInt32
    var question: SymbolQuestion = .names
    /// Nanoseconds of CPU time after which the child answers that the rest is to be asked for later.
    var cpuLimit: UInt64 = 0
    var module: UInt64
    var kind: ModuleFileKind
    /// Size and identity of a text that may grow; both 0 for other kinds.
    var size: UInt64
    var identity: UInt64
    var addresses: [UInt64]

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(Wire.magic)
        writer.append(sequence)
        writer.append(question.rawValue)
        writer.append(cpuLimit)
        writer.append(module)
        writer.append(size)
        writer.append(identity)
        writer.append(kind.rawValue)
        writer.append(UInt16(addresses.count))
        for address in addresses { writer.append(address) }
        return writer.bytes
    }

    init(sequence: UInt32, module: UInt64, kind: ModuleFileKind, size: UInt64, identity: UInt64, addresses: [UInt64]) {
        self.sequence = sequence
        self.module = module
        self.kind = kind
        self.size = size
        self.identity = identity
        self.addresses = addresses
    }

    init?(decoding bytes: ArraySlice<UInt8>) {
        var reader = ByteReader(bytes)
        guard reader.next(UInt32.self) == Wire.magic, let sequence = reader.next(UInt32.self),
            let question = reader.next(UInt8.self).flatMap(SymbolQuestion.init),
            let cpuLimit = reader.next(UInt64.self), let module = reader.next(UInt64.self),
            let size = reader.next(UInt64.self),
            let identity = reader.next(UInt64.self), let kind = reader.next(UInt8.self).flatMap(ModuleFileKind.init),
            let count = reader.next(UInt16.self), count <= Wire.maximumAddresses
        else { return nil }
        self.init(sequence: sequence, module: module, kind: kind, size: size, identity: identity, addresses: [])
        self.question = question
        self.cpuLimit = cpuLimit
        for _ in 0..<count {
            guard let address = reader.next(UInt64.self) else { return nil }
            addresses.append(address)
        }
    }
}

/// What the child found for one address: a name, or why there is none, valid for all addresses of `range`.
struct SymbolAnswer: Equatable {
    var index: UInt16
    var range: Range<UInt64>
    var outcome: SymbolOutcome
}

enum SymbolOutcome: Equatable {
    case named(function: String, systemName: String)
    case unnamed(SymbolAbsence)
    /// The functions at an address, innermost first; never empty.
    case located([LocatedLine])
    case unlocated(LineAbsence)
}

/// One function at an address, with its place in the source.
struct LocatedLine: Equatable {
    var function: String
    var systemName: String
    /// Empty if unknown.
    var file: String
    /// 0 if unknown.
    var line: UInt32

    /// The same with texts of at most so many bytes.
    func cut(to limit: Int) -> LocatedLine {
        func cut(_ text: String) -> String {
            text.utf8.count <= limit ? text : String(decoding: text.utf8.prefix(limit), as: UTF8.self)
        }
        return LocatedLine(function: cut(function), systemName: cut(systemName), file: cut(file), line: line)
    }

    /// Bytes in a message.
    var size: Int { 10 + function.utf8.count + systemName.utf8.count + file.utf8.count }
}

/// The reasons that the child can give.
enum SymbolAbsence: UInt8 {
    case stripped = 1
    case noSymbol, malformed, kernelHidden, budget
}

/// Why an address has no line.
enum LineAbsence: UInt8, Error, CaseIterable {
    /// Not looked for yet: the time of the request was used up.
    case later = 64
    /// Neither the file nor a debug file of it has DWARF.
    case noDebugInfo
    /// The DWARF is in `.dwo` files, which are not looked for.
    case split
    /// The DWARF refers to a file that dwz shares between others, which is not looked for.
    case alternate
    /// There is DWARF, but nothing about this address.
    case noLine
    /// The DWARF is compressed in a way that is not read (zstd).
    case packing
    case budget, malformed
}

/// Some answers to a request; the rest follows in further messages.
struct SymbolResponse: Equatable {
    var sequence: UInt32
    /// CPU time of the child since it sent the message before, in nanoseconds.
    var cpuNanoseconds: UInt64
    var answers: [SymbolAnswer]

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(sequence)
        writer.append(cpuNanoseconds)
        writer.append(UInt16(answers.count))
        for answer in answers { writer.append(answer) }
        return writer.bytes
    }

    init(sequence: UInt32, cpuNanoseconds: UInt64, answers: [SymbolAnswer]) {
        self.sequence = sequence
        self.cpuNanoseconds = cpuNanoseconds
        self.answers = answers
    }

    init?(decoding bytes: ArraySlice<UInt8>) {
        var reader = ByteReader(bytes)
        guard let sequence = reader.next(UInt32.self), let cpu = reader.next(UInt64.self),
            let count = reader.next(UInt16.self)
        else { return nil }
        self.init(sequence: sequence, cpuNanoseconds: cpu, answers: [])
        for _ in 0..<count {
            guard let answer = reader.nextAnswer() else { return nil }
            answers.append(answer)
        }
    }
}

struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append<Value: FixedWidthInteger>(_ value: Value) {
        for index in 0..<MemoryLayout<Value>.size {
            bytes.append(UInt8(truncatingIfNeeded: value >> Value(truncatingIfNeeded: index * 8)))
        }
    }

    mutating func append(_ text: String) {
        let cut = text.utf8.prefix(Wire.maximumName)
        append(UInt16(cut.count))
        bytes.append(contentsOf: cut)
    }

    mutating func append(_ answer: SymbolAnswer) {
        append(answer.index)
        append(answer.range.lowerBound)
        append(answer.range.upperBound)
        switch answer.outcome {
        case .named(let function, let systemName):
            append(UInt8(0))
            append(function)
            append(systemName)
        case .unnamed(let reason): append(reason.rawValue)
        case .unlocated(let reason): append(reason.rawValue)
        case .located(let lines):
            append(Wire.located)
            append(UInt8(clamping: lines.count))
            for line in lines.prefix(255) {
                append(line.function)
                append(line.systemName)
                append(line.file)
                append(line.line)
            }
        }
    }
}

struct ByteReader {
    private var rest: ArraySlice<UInt8>
    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func next<Value: FixedWidthInteger & UnsignedInteger>(_ type: Value.Type) -> Value? {
        let size = MemoryLayout<Value>.size
        guard rest.count >= size else { return nil }
        var value: Value = 0
        for byte in rest.prefix(size).reversed() { value = (value << 8) | Value(byte) }
        rest = rest.dropFirst(size)
        return value
    }

    mutating func nextText() -> String? {
        guard let count = next(UInt16.self), rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return String(decoding: rest.prefix(Int(count)), as: UTF8.self)
    }

    mutating func nextAnswer() -> SymbolAnswer? {
        guard let index = next(UInt16.self), let lower = next(UInt64.self), let upper = next(UInt64.self),
            lower <= upper, let status = next(UInt8.self), let outcome = nextOutcome(status)
        else { return nil }
        return SymbolAnswer(index: index, range: lower..<upper, outcome: outcome)
    }

    private mutating func nextOutcome(_ status: UInt8) -> SymbolOutcome? {
        switch status {
        case 0:
            guard let function = nextText(), let systemName = nextText() else { return nil }
            return .named(function: function, systemName: systemName)
        case Wire.located: return nextLines().map { .located($0) }
        default:
            return SymbolAbsence(rawValue: status).map { .unnamed($0) }
                ?? LineAbsence(rawValue: status).map { .unlocated($0) }
        }
    }

    private mutating func nextLines() -> [LocatedLine]? {
        guard let count = next(UInt8.self), count > 0 else { return nil }
        var lines: [LocatedLine] = []
        for _ in 0..<count {
            guard let function = nextText(), let systemName = nextText(), let file = nextText(),
                let line = next(UInt32.self)
            else { return nil }
            lines.append(LocatedLine(function: function, systemName: systemName, file: file, line: line))
        }
        return lines
    }
}
