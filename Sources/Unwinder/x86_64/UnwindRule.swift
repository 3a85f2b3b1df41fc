/// How to get from a frame to its caller, in one word: enough for nearly every row that compilers write.
///
/// Three registers are carried from frame to frame: rip, rsp and rbp. In every kind but `signal` the caller's rsp is the
/// canonical frame address (CFA), and the return address is the word below it.
///
/// | bits | content |
/// |---|---|
/// | 0–3 | kind |
/// | 4 | CFA counts from 0: rsp, 1: rbp; in `chained`: whether the code can be read |
/// | 5 | whether a call ends right behind the address, which was looked up: what returns there was called |
/// | 8–9 | caller's rbp: 0 as it is · 1 at [CFA + rbp offset] · 2 at [rbp + rbp offset] |
/// | 16–31 | rbp offset, signed |
/// | 32–63 | `register`: CFA offset, signed |
/// | 32–47, 48–63 | `dereference`: offset and addend, signed |
/// | 32–35 | `plt`: threshold |
struct UnwindRule: Hashable {
    enum Kind: UInt64 {
        /// Nothing is known yet.
        case unknown
        /// CFA = base + offset
        case register
        /// CFA = [base + offset] + addend
        case dereference
        /// CFA = rsp + 8 + (rip & 15 ≥ threshold ? 8 : 0)
        case plt
        /// A frame that the kernel made for a signal: rbp at rsp + 120, rsp at rsp + 160, rip at rsp + 168.
        case signal
        /// The return address is undefined: the root.
        case end
        /// No row covers the address.
        case none
        /// The code belongs to a runtime that reads its own frames.
        case foreign
        /// Takes more than this word can say: all registers have to be followed.
        case wide
        /// The row cannot be made sense of.
        case malformed
        /// Finding out would cost more than one walk may: hostile tables are long.
        case exhausted
        /// No row covers the address, and the code is nothing special: the caller is where rbp leads, if a call proves it.
        case chained
    }

    /// What becomes of rbp.
    enum FramePointer: UInt64 {
        case same, atCfa, atFramePointer
    }

    let bits: UInt64

    @inline(__always)
    var kind: Kind { Kind(rawValue: bits & 0xf) ?? .malformed }
    @inline(__always)
    var countsFromFramePointer: Bool { bits & 0x10 != 0 }
    /// Of `chained`: code of a file, which calls in files can lead to.
    @inline(__always)
    var isReadable: Bool { bits & 0x10 != 0 }
    @inline(__always)
    var isBehindCall: Bool { bits & 0x20 != 0 }
    @inline(__always)
    var framePointer: FramePointer { FramePointer(rawValue: (bits >> 8) & 3) ?? .same }
    /// Of rbp, as a distance to add.
    @inline(__always)
    var framePointerOffset: UInt64 { UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: bits >> 16))) }
    /// Of the CFA in `register`.
    @inline(__always)
    var offset: UInt64 { UInt64(bitPattern: Int64(bitPattern: bits) >> 32) }
    /// Of the word with the CFA in `dereference`.
    @inline(__always)
    var shortOffset: UInt64 { UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: bits >> 32))) }
    @inline(__always)
    var addend: UInt64 { UInt64(bitPattern: Int64(bitPattern: bits) >> 48) }
    @inline(__always)
    var threshold: UInt64 { (bits >> 32) & 0xf }

    init(_ kind: Kind) { bits = kind.rawValue }
    init(chainedReadable isReadable: Bool) { bits = Kind.chained.rawValue | (isReadable ? 0x10 : 0) }
    /// The same, knowing that a call ends behind the address.
    var behindCall: UnwindRule { UnwindRule(bits: bits | 0x20) }
    private init(bits: UInt64) { self.bits = bits }

    /// The rule of a row; `wide` if it does not fit.
    init(_ row: UnwindRow, in image: any ImageBytes) throws(CfiError) {
        let returnAddress = row.registers[16]
        if returnAddress.kind == .undefined {
            self.init(.end)
        } else if row.isSignalFrame {
            self.init(try Self.isKernelFrame(row, in: image) ? .signal : .wide)
        } else if returnAddress == RegisterRule(kind: .offset, value: -8), row.registers[7].kind == .same,
            let framePointer = try Self.framePointer(row.registers[6], in: image),
            let cfa = try Self.cfa(row.cfa, in: image)
        {
            self.init(bits: Self.isRestored(row) ? cfa : cfa | framePointer)
        } else {
            self.init(.wide)
        }
    }

    /// Whether rbp's place lies below the stack pointer, where nothing is kept and nothing was copied: compilers do not
    /// say that `pop %rbp` has restored it when the next instruction is `ret`.
    private static func isRestored(_ row: UnwindRow) -> Bool {
        let rule = row.registers[6]
        return row.cfa.expressionCount == 0 && row.cfa.register == 7 && rule.kind == .offset
            && row.cfa.value &+ rule.value < 0
    }

    /// Kind and operands of the CFA.
    private static func cfa(_ rule: CfaRule, in image: any ImageBytes) throws(CfiError) -> UInt64? {
        if rule.expressionCount == 0 { return sum(rule.register, rule.value) }
        switch try CfaExpressionShape(at: rule.value, count: rule.expressionCount, in: image) {
        case .sum(let register, let offset): return sum(register, offset)
        case .plt(let threshold): return Kind.plt.rawValue | threshold << 32
        case .dereferenced(let register, let offset, let addend):
            guard let base = base(register), let offset = Int16(exactly: offset), let addend = Int16(exactly: addend)
            else { return nil }
            return Kind.dereference.rawValue | base | UInt64(UInt16(bitPattern: offset)) << 32
                | UInt64(UInt16(bitPattern: addend)) << 48
        case .other: return nil
        }
    }

    private static func sum(_ register: UInt64, _ offset: Int64) -> UInt64? {
        guard let base = base(register), let offset = Int32(exactly: offset) else { return nil }
        return Kind.register.rawValue | base | UInt64(UInt32(bitPattern: offset)) << 32
    }

    private static func base(_ register: UInt64) -> UInt64? { register == 7 ? 0 : register == 6 ? 0x10 : nil }

    private static func framePointer(_ rule: RegisterRule, in image: any ImageBytes) throws(CfiError) -> UInt64? {
        switch rule.kind {
        case .same: return 0
        case .offset: return framePointer(.atCfa, rule.value)
        case .expression:
            let shape = try CfaExpressionShape(at: rule.value, count: rule.count, in: image)
            guard case .sum(register: 6, let offset) = shape else { return nil }
            return framePointer(.atFramePointer, offset)
        default: return nil
        }
    }

    private static func framePointer(_ kind: FramePointer, _ offset: Int64) -> UInt64? {
        guard let offset = Int16(exactly: offset) else { return nil }
        return kind.rawValue << 8 | UInt64(UInt16(bitPattern: offset)) << 16
    }

    /// Whether the row says what is known of the kernel's frame.
    private static func isKernelFrame(_ row: UnwindRow, in image: any ImageBytes) throws(CfiError) -> Bool {
        guard row.cfa.expressionCount > 0, row.registers[6].kind == .expression, row.registers[16].kind == .expression
        else { return false }
        let cfa = try CfaExpressionShape(at: row.cfa.value, count: row.cfa.expressionCount, in: image)
        let rbp = try CfaExpressionShape(at: row.registers[6].value, count: row.registers[6].count, in: image)
        let rip = try CfaExpressionShape(at: row.registers[16].value, count: row.registers[16].count, in: image)
        return cfa == .dereferenced(register: 7, offset: Int64(SignalFrame.stackPointer), addend: 0)
            && rbp == .sum(register: 7, offset: Int64(SignalFrame.framePointer))
            && rip == .sum(register: 7, offset: Int64(SignalFrame.instructionPointer))
    }
}
