/// Runs a DWARF expression (DWARF 5, 2.5.1) as far as call frame information may use it (6.4.2): no calls, no pieces,
/// no addresses of objects.
struct CfaExpression {
    /// What an expression asks of the frame it is about.
    enum Question {
        case register(UInt64)
        case memory(UInt64)
    }

    /// Values on the stack at the same time, and operations in one run: branches may go backwards.
    static let maximumDepth = 32
    static let maximumOperations = 512

    private var stack = InlineArray<32, UInt64>(repeating: 0)
    private var depth = 0
    private var cursor: ByteCursor
    private let start: ByteCursor
    private let answer: (Question) -> UInt64?

    /// The value that an expression leaves on top; `nil` if it cannot be run or needs what is not known.
    ///
    /// - Parameters:
    ///   - code: at its first byte, limited to its size.
    ///   - first: pushed before it runs: the CFA for the rules of registers.
    ///   - remaining: operations that may still be run, for all expressions of a walk.
    static func value(
        _ code: ByteCursor, on first: UInt64?, remaining: inout Int, _ answer: (Question) -> UInt64?
    ) -> UInt64? {
        let limit = min(remaining, maximumOperations)
        var operations = 0
        defer { remaining -= operations }
        return withoutActuallyEscaping(answer) { answer in
            var expression = CfaExpression(cursor: code, start: code, answer: answer)
            do throws(CfiError) {
                if let first { try expression.push(first) }
                while expression.cursor.remaining > 0 {
                    guard operations < limit else { return nil }
                    operations += 1
                    try expression.runNext()
                }
                return try expression.pop()
            } catch {
                return nil
            }
        }
    }

    private init(cursor: ByteCursor, start: ByteCursor, answer: @escaping (Question) -> UInt64?) {
        self.cursor = cursor
        self.start = start
        self.answer = answer
    }

    private mutating func push(_ value: UInt64) throws(CfiError) {
        guard depth < Self.maximumDepth else { throw .malformed }
        stack[depth] = value
        depth += 1
    }

    private mutating func pop() throws(CfiError) -> UInt64 {
        guard depth > 0 else { throw .malformed }
        depth -= 1
        return stack[depth]
    }

    private mutating func ask(_ question: Question) throws(CfiError) {
        guard let value = answer(question) else { throw .unreadable }
        try push(value)
    }

    private mutating func runNext() throws(CfiError) {
        let operation = try cursor.byte()
        switch operation {
        case 0x30...0x4f: try push(UInt64(operation - 0x30))  // lit0…31
        case 0x50...0x6f: try ask(.register(UInt64(operation - 0x50)))  // reg0…31
        case 0x70...0x8f: try pushBased(UInt64(operation - 0x70))  // breg0…31
        case 0x90: try ask(.register(try cursor.uleb128()))  // regx
        case 0x92: try pushBased(try cursor.uleb128())  // bregx
        case 0x03, 0x08...0x11: try runConstant(operation)
        case 0x12...0x17: try runStack(operation)
        case 0x06: try ask(.memory(try pop()))  // deref
        case 0x94: try runDereferenceSize()
        case 0x28, 0x2f: try runBranch(operation)
        case 0x19, 0x1f, 0x20, 0x23: try runUnary(operation)
        case 0x1a...0x2e: try runBinary(operation)
        case 0x96: break  // nop
        default: throw .malformed
        }
    }

    private mutating func pushBased(_ register: UInt64) throws(CfiError) {
        let offset = UInt64(bitPattern: try cursor.sleb128())
        try ask(.register(register))
        try push(try pop() &+ offset)
    }

    private mutating func runConstant(_ operation: UInt8) throws(CfiError) {
        switch operation {
        case 0x03, 0x0e, 0x0f: try push(try cursor.unsigned(8))  // addr, const8u, const8s
        case 0x08: try push(try cursor.unsigned(1))
        case 0x09: try push(UInt64(bitPattern: try cursor.signed(1)))
        case 0x0a: try push(try cursor.unsigned(2))
        case 0x0b: try push(UInt64(bitPattern: try cursor.signed(2)))
        case 0x0c: try push(try cursor.unsigned(4))
        case 0x0d: try push(UInt64(bitPattern: try cursor.signed(4)))
        case 0x10: try push(try cursor.uleb128())  // constu
        default: try push(UInt64(bitPattern: try cursor.sleb128()))  // consts
        }
    }

    private mutating func runStack(_ operation: UInt8) throws(CfiError) {
        switch operation {
        case 0x12: try pick(0)  // dup
        case 0x13: _ = try pop()  // drop
        case 0x14: try pick(1)  // over
        case 0x15: try pick(Int(try cursor.byte()))
        case 0x16: try turn(2)  // swap
        default: try turn(3)  // rot
        }
    }

    private mutating func pick(_ index: Int) throws(CfiError) {
        guard index < depth else { throw .malformed }
        try push(stack[depth - 1 - index])
    }

    /// The topmost value goes below the others of the first `count`.
    private mutating func turn(_ count: Int) throws(CfiError) {
        guard count <= depth else { throw .malformed }
        let top = stack[depth - 1]
        for index in 1..<count { stack[depth - index] = stack[depth - index - 1] }
        stack[depth - count] = top
    }

    private mutating func runDereferenceSize() throws(CfiError) {
        let size = UInt64(try cursor.byte())
        guard (1...8).contains(size) else { throw .malformed }
        try ask(.memory(try pop()))
        let shift = 64 - size * 8
        try push((try pop() << shift) >> shift)
    }

    /// bra, skip: a distance from the operation behind it.
    private mutating func runBranch(_ operation: UInt8) throws(CfiError) {
        let distance = try cursor.signed(2)
        if operation == 0x28, try pop() == 0 { return }
        let target = cursor.address &+ UInt64(bitPattern: distance)
        cursor = start
        try cursor.skip(target &- start.address)
    }

    private mutating func runUnary(_ operation: UInt8) throws(CfiError) {
        let value = try pop()
        switch operation {
        case 0x19: try push(Int64(bitPattern: value).magnitude)
        case 0x1f: try push(0 &- value)
        case 0x20: try push(~value)
        default: try push(value &+ (try cursor.uleb128()))  // plus_uconst
        }
    }

    private mutating func runBinary(_ operation: UInt8) throws(CfiError) {
        let right = try pop()
        let left = try pop()
        let signed = (left: Int64(bitPattern: left), right: Int64(bitPattern: right))
        switch operation {
        case 0x1a: try push(left & right)
        case 0x1b: try push(UInt64(bitPattern: try Self.quotient(signed.left, signed.right)))
        case 0x1c: try push(left &- right)
        case 0x1d:
            guard right != 0 else { throw .malformed }
            try push(left % right)
        case 0x1e: try push(left &* right)
        case 0x21: try push(left | right)
        case 0x22: try push(left &+ right)
        case 0x24: try push(left << right)
        case 0x25: try push(left >> right)
        case 0x26: try push(UInt64(bitPattern: signed.left >> right))
        case 0x27: try push(left ^ right)
        default: try push(Self.holds(operation, signed.left, signed.right) ? 1 : 0)
        }
    }

    private static func quotient(_ left: Int64, _ right: Int64) throws(CfiError) -> Int64 {
        let (value, overflow) = left.dividedReportingOverflow(by: right)
        guard !overflow else { throw .malformed }
        return value
    }

    private static func holds(_ operation: UInt8, _ left: Int64, _ right: Int64) -> Bool {
        switch operation {
        case 0x29: left == right
        case 0x2a: left >= right
        case 0x2b: left > right
        case 0x2c: left <= right
        case 0x2d: left < right
        default: left != right
        }
    }
}
