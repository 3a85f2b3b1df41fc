/// Reads the wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding/) out of hostile bytes.
struct WireReader {
    private var rest: ArraySlice<UInt8>

    /// One field with its value.
    struct Field {
        var number: UInt64
        var value: Value
    }

    /// A value as far as the wire tells.
    enum Value {
        case varint(UInt64)
        case bytes(ArraySlice<UInt8>)
        /// Fixed width: nothing that profiles use.
        case fixed
    }

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field; `nil` at the end.
    mutating func next() throws(PprofError) -> Field? {
        guard !rest.isEmpty else { return nil }
        let tag = try varint()
        return Field(number: tag >> 3, value: try value(wireType: tag & 7))
    }

    private mutating func value(wireType: UInt64) throws(PprofError) -> Value {
        switch wireType {
        case 0: return .varint(try varint())
        case 2:
            let length = try varint()
            guard length <= UInt64(rest.count) else { throw .malformed("a field is longer than the file") }
            defer { rest = rest.dropFirst(Int(length)) }
            return .bytes(rest.prefix(Int(length)))
        case 1, 5:
            let width = wireType == 1 ? 8 : 4
            guard rest.count >= width else { throw .malformed("the file ends inside of a field") }
            rest = rest.dropFirst(width)
            return .fixed
        default: throw .malformed("a field has the unknown type \(wireType)")
        }
    }

    /// At most ten bytes of seven bits.
    mutating func varint() throws(PprofError) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw .malformed("the file ends inside of a number") }
            result |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return result }
        }
        throw .malformed("a number has more than ten bytes")
    }

    var isAtEnd: Bool { rest.isEmpty }
}

extension WireReader.Value {
    /// A number; 0 for what is none, as readers of newer fields have it.
    var number: UInt64 {
        if case .varint(let value) = self { value } else { 0 }
    }

    /// A signed number: two's complement in 64 bits.
    var signed: Int64 { Int64(bitPattern: number) }

    /// The contents of a message or of a text.
    var contents: ArraySlice<UInt8> {
        if case .bytes(let bytes) = self { bytes } else { [] }
    }

    /// The numbers of a repeated field, packed or one of them.
    func append(to numbers: inout [UInt64], limit: Int) throws(PprofError) {
        switch self {
        case .varint(let value): numbers.append(value)
        case .bytes(let bytes):
            var reader = WireReader(bytes)
            while !reader.isAtEnd, numbers.count <= limit { numbers.append(try reader.varint()) }
        case .fixed: break
        }
        if numbers.count > limit { throw .tooLarge("a list of more than \(limit) numbers") }
    }
}

/// Why a file is no profile that can be used.
public enum PprofError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is damaged, or something else.
    case malformed(String)
    /// It is larger than what is read.
    case tooLarge(String)
    /// It is a profile, but of something else than time, or already a difference.
    case unsuitable(String)

    /// In words.
    public var description: String {
        switch self {
        case .malformed(let text): "no profile: \(text)"
        case .tooLarge(let text): "too large: \(text)"
        case .unsuitable(let text): text
        }
    }
}
