import Testing

@testable import Unwinder

/// Every operation that an expression may have (DWARF 5, 2.5.1 and 7.7.1), with its result.
struct CfaExpressionTests {
    /// Registers are 1000 times their number, memory at an address is the address times 2; 0x666 cannot be read.
    private func value(_ code: [UInt8], on first: UInt64? = nil) -> UInt64? {
        let image = FlatImage(address: 0x2000, code, padding: 8)
        let cursor = ByteCursor(image, at: 0x2000, count: UInt64(code.count))
        var remaining = 1 << 17
        return CfaExpression.value(cursor, on: first, remaining: &remaining) { question in
            switch question {
            case .register(let number): number < 17 ? number * 1000 : nil
            case .memory(let address): address == 0x666 ? nil : address &* 2
            }
        }
    }

    static let minus: UInt64 = .max
    static let results: [(String, [UInt8], UInt64)] = [
        ("lit0", [0x30], 0), ("lit31", [0x4f], 31), ("addr", [0x03, 1, 2, 0, 0, 0, 0, 0, 0x80], 0x8000_0000_0000_0201),
        ("const1u", [0x08, 0xff], 255), ("const1s", [0x09, 0xff], minus), ("const2u", [0x0a, 1, 0x80], 0x8001),
        ("const2s", [0x0b, 0xfe, 0xff], minus - 1), ("const4u", [0x0c, 0, 0, 0, 0x80], 0x8000_0000),
        ("const4s", [0x0d, 0, 0, 0, 0x80], 0xffff_ffff_8000_0000), ("const8u", [0x0e, 1, 0, 0, 0, 0, 0, 0, 0], 1),
        ("const8s", [0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], minus), ("constu", [0x10, 0x80, 1], 128),
        ("consts", [0x11, 0x7f], minus), ("reg6", [0x56], 6000), ("breg7", [0x77, 8], 7008),
        ("breg7 below", [0x77, 0x78], 6992), ("regx", [0x90, 3], 3000), ("bregx", [0x92, 16, 1], 16001),
        ("deref", [0x77, 0, 0x06], 14000), ("deref_size", [0x0a, 0xff, 0x01, 0x94, 1], 0xfe),
        ("dup", [0x33, 0x12, 0x22], 6), ("drop", [0x33, 0x34, 0x13], 3), ("over", [0x33, 0x34, 0x14], 3),
        ("pick", [0x33, 0x34, 0x35, 0x15, 2], 3), ("swap", [0x33, 0x34, 0x16, 0x1c], 1),
        ("rot", [0x33, 0x34, 0x35, 0x17], 4), ("abs", [0x09, 0xfb, 0x19], 5), ("and", [0x3c, 0x3a, 0x1a], 8),
        ("div", [0x09, 0xf7, 0x34, 0x1b], minus - 1), ("minus", [0x33, 0x34, 0x1c], minus),
        ("mod", [0x09, 0xff, 0x3a, 0x1d], 5), ("mul", [0x33, 0x34, 0x1e], 12), ("neg", [0x33, 0x1f], minus - 2),
        ("not", [0x30, 0x20], minus), ("or", [0x3c, 0x3a, 0x21], 14), ("plus", [0x33, 0x34, 0x22], 7),
        ("plus_uconst", [0x33, 0x23, 0x80, 1], 131), ("shl", [0x33, 0x34, 0x24], 48),
        ("shl 64", [0x33, 0x08, 64, 0x24], 0),
        ("shr", [0x09, 0xff, 0x08, 60, 0x25], 15), ("shra", [0x09, 0xf0, 0x32, 0x26], minus - 3),
        ("xor", [0x3c, 0x3a, 0x27], 6), ("eq", [0x33, 0x33, 0x29], 1), ("ge", [0x33, 0x34, 0x2a], 0),
        ("gt signed", [0x33, 0x09, 0xff, 0x2b], 1), ("le", [0x33, 0x33, 0x2c], 1), ("lt", [0x33, 0x33, 0x2d], 0),
        ("ne", [0x33, 0x34, 0x2e], 1), ("nop", [0x33, 0x96], 3), ("skip", [0x33, 0x2f, 1, 0, 0x34], 3),
        ("bra taken", [0x33, 0x31, 0x28, 1, 0, 0x34], 3), ("bra not taken", [0x33, 0x30, 0x28, 1, 0, 0x34], 4),
        ("skip to the end", [0x33, 0x2f, 0, 0], 3),
        // 5 down to 0, backwards.
        ("loop", [0x35, 0x31, 0x1c, 0x12, 0x28, 0xfa, 0xff], 0),
        ("PLT entry", [0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22], 7008),
    ]

    @Test(arguments: results) func result(_ name: String, _ code: [UInt8], _ expected: UInt64) {
        #expect(value(code) == expected, "\(name)")
    }

    @Test func startsWithTheCfa() {
        #expect(value([0x38, 0x1c], on: 100) == 92)
        #expect(value([], on: 100) == 100)
    }

    static let refused: [(String, [UInt8])] = [
        ("empty", []), ("underflow", [0x22]), ("division by 0", [0x33, 0x30, 0x1b]),
        ("remainder by 0", [0x33, 0x30, 0x1d]),
        ("smallest by -1", [0x0f, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x09, 0xff, 0x1b]), ("unknown register", [0x90, 17]),
        ("unreadable memory", [0x0a, 0x66, 6, 0x06]), ("deref of 9 bytes", [0x33, 0x94, 9]), ("cut", [0x08]),
        ("pick too deep", [0x33, 0x15, 1]), ("endless loop", [0x2f, 0xfd, 0xff]), ("skip out", [0x33, 0x2f, 9, 0]),
        ("skip before the start", [0x33, 0x2f, 0, 0x80]), ("call_frame_cfa", [0x9c]), ("call2", [0x98, 0, 0]),
        ("overflow", [UInt8](repeating: 0x30, count: 33)), ("swap of one", [0x33, 0x16]),
    ]

    @Test(arguments: refused) func refuses(_ name: String, _ code: [UInt8]) { #expect(value(code) == nil, "\(name)") }

    @Test func shapes() throws {
        func shape(_ code: [UInt8]) throws -> CfaExpressionShape {
            try CfaExpressionShape(
                at: 0x2000, count: UInt16(code.count), in: FlatImage(address: 0x2000, code, padding: 8))
        }
        #expect(try shape([0x76, 0x78]) == .sum(register: 6, offset: -8))
        #expect(try shape([0x76, 0x78, 0x06]) == .dereferenced(register: 6, offset: -8, addend: 0))
        #expect(try shape([0x77, 0x90, 1, 0x06, 0x23, 8]) == .dereferenced(register: 7, offset: 144, addend: 8))
        let plt: [UInt8] = [0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22]
        #expect(try shape(plt) == .plt(threshold: 11))
        for place in plt.indices where place != 6 {
            var other = plt
            other[place] ^= 1
            #expect(try shape(other) == .other, "byte \(place)")
        }
        #expect(try shape(plt + [0x96]) == .other)
        #expect(try shape([0x76, 0x78, 0x06, 0x06]) == .other)
        #expect(try shape([0x33]) == .other)
    }
}
