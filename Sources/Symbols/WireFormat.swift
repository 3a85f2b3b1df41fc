/// What a lent descriptor is.
public enum ModuleFileKind: UInt8, Sendable {
    /// An ELF file; addresses are offsets in it. The vDSO is one, lent as a memfd.
    case elf = 0
    /// The text of `/proc/kallsyms`; addresses are virtual.
    case kallsyms = 1
    /// A perf map (`START SIZE name`, hexadecimal); addresses are virtual.
    case perfMap = 2
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
}

/// Names wanted for addresses of one module.
struct SymbolRequest: Equatable {
    var sequence: UInt32
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
            let module = reader.next(UInt64.self), let size = reader.next(UInt64.self),
            let identity = reader.next(UInt64.self), let kind = reader.next(UInt8.self).flatMap(ModuleFileKind.init),
            let count = reader.next(UInt16.self), count <= Wire.maximumAddresses
        else { return nil }
        self.init(sequence: sequence, module: module, kind: kind, size: size, identity: identity, addresses: [])
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
}

/// The reasons that the child can give.
enum SymbolAbsence: UInt8 {
    case stripped = 1
    case noSymbol, malformed, kernelHidden, budget
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
            lower <= upper, let status = next(UInt8.self)
        else { return nil }
        guard status == 0 else {
            return SymbolAbsence(rawValue: status).map {
                SymbolAnswer(index: index, range: lower..<upper, outcome: .unnamed($0))
            }
        }
        guard let function = nextText(), let systemName = nextText() else { return nil }
        return SymbolAnswer(
            index: index, range: lower..<upper, outcome: .named(function: function, systemName: systemName))
    }
}
