import Model

/// Goes from frame to frame with all registers, by the whole row: for code whose rows do not fit into an
/// ``UnwindRule``, such as the dynamic linker's resolver (CFA in rbx) or prologues that realign the stack (CFA in r10).
struct RegisterWalk: FrameWalk {
    private var registers: Registers
    /// The registers whose values are known, a bit each.
    private var known: UInt32 = 0x1_ffff
    /// Whether `pc` is the instruction that runs next.
    var isExact = true

    /// Steps that did not lead upwards.
    private var setbacks = 0
    /// Operations of expressions that may still be run. A frame takes some dozens; a hostile one thousands, on a stack
    /// of thousands of frames.
    private var remainingOperations = 1 << 17

    init(_ sample: StackSample) { registers = sample.registers }

    var pc: UInt64 { registers.instructionPointer }
    var sp: UInt64 { registers.stackPointer }
    var framePointer: UInt64 { value(of: 6) ?? 0 }

    /// The value of a register, by its DWARF number.
    func value(of register: UInt64) -> UInt64? {
        guard register < 17, known & (1 << UInt32(register)) != 0 else { return nil }
        return registers.values[Int(register)]
    }

    private mutating func set(_ register: Int, _ value: UInt64?) {
        registers.values[register] = value ?? 0
        let bit: UInt32 = 1 << UInt32(register)
        known = value == nil ? known & ~bit : known | bit
    }

    mutating func goOn(at caller: ProvenCaller) {
        set(16, caller.pc)
        set(7, caller.sp)
        if let framePointer = caller.framePointer { set(6, framePointer) }
        isExact = false
    }

    mutating func leaveSignal(_ sample: StackSample) -> Bool {
        let frame = sp
        guard sample.word(at: frame) != nil, sample.word(at: frame &+ SignalFrame.size &- 8) != nil else {
            return false
        }
        for register in 0..<UnwindRow.registerCount {
            set(register, sample.word(at: frame &+ SignalFrame.places[register]))
        }
        setbacks += 1
        isExact = true
        return setbacks <= RuleEngine.maximumSetbacks
    }

    /// Goes to the caller by a row; returns what the walk came to if there is none.
    mutating func leave(
        by row: UnwindRow, in image: any ImageBytes, _ sample: StackSample
    ) -> RuleEngine.Result? {
        if row.registers[16].kind == .undefined { return .walked(.ended(.complete)) }
        guard let cfa = cfa(row.cfa, image, sample) else { return givenUp ?? .refused(.registers) }
        // Equal where a register holds the return address, as in vfork.
        if !row.isSignalFrame, cfa < sp { return .refused(.backwards) }
        var caller = self
        for register in 0..<UnwindRow.registerCount {
            let rule = row.registers[register]
            if rule.kind == .same || isRestored(rule, cfa: cfa) { continue }
            caller.set(register, value(rule, cfa: cfa, image, sample))
        }
        if row.registers[7].kind == .same { caller.set(7, cfa) }
        caller.remainingOperations = remainingOperations
        if let givenUp { return givenUp }
        guard let pc = caller.value(of: 16), caller.value(of: 7) != nil else {
            return end(row.registers[16], cfa: cfa, sample)
        }
        if pc == 0 { return .walked(.ended(.complete)) }
        // Where the return address is not read from the stack, nothing else keeps the walk inside of the copy.
        if caller.sp < sp &+ 8 || caller.sp > sample.stackEnd { caller.setbacks += 1 }
        guard caller.setbacks <= RuleEngine.maximumSetbacks else { return .walked(.ended(.broken(.loop))) }
        caller.isExact = row.isSignalFrame
        self = caller
        return nil
    }

    /// A register whose place lies below the stack pointer has been popped already, though the row does not say so.
    private func isRestored(_ rule: RegisterRule, cfa: UInt64) -> Bool {
        let place = cfa &+ UInt64(bitPattern: rule.value)
        return isExact && rule.kind == .offset && place < sp && sp &- place <= 128
    }

    private func end(_ rule: RegisterRule, cfa: UInt64, _ sample: StackSample) -> RuleEngine.Result {
        guard rule.kind == .offset else { return .refused(.registers) }
        return RuleEngine.end(outside: cfa &+ UInt64(bitPattern: rule.value), of: sample)
    }

    /// What the walk came to if its expressions took too long.
    private var givenUp: RuleEngine.Result? {
        remainingOperations > 0 ? nil : .walked(.ended(.broken(.unwinder)))
    }

    private mutating func cfa(_ rule: CfaRule, _ image: any ImageBytes, _ sample: StackSample) -> UInt64? {
        if rule.expressionCount == 0 {
            return value(of: rule.register).map { $0 &+ UInt64(bitPattern: rule.value) }
        }
        return evaluate(rule.value, rule.expressionCount, on: nil, image, sample)
    }

    private mutating func value(
        _ rule: RegisterRule, cfa: UInt64, _ image: any ImageBytes, _ sample: StackSample
    ) -> UInt64? {
        let distance = UInt64(bitPattern: rule.value)
        switch rule.kind {
        case .same, .undefined: return nil
        case .offset: return sample.word(at: cfa &+ distance)
        case .valueOffset: return cfa &+ distance
        case .register: return value(of: distance)
        case .expression:
            return evaluate(rule.value, rule.count, on: cfa, image, sample).flatMap { sample.word(at: $0) }
        case .valueExpression: return evaluate(rule.value, rule.count, on: cfa, image, sample)
        }
    }

    private mutating func evaluate(
        _ address: Int64, _ count: UInt16, on cfa: UInt64?, _ image: any ImageBytes, _ sample: StackSample
    ) -> UInt64? {
        let cursor = ByteCursor(image, at: UInt64(bitPattern: address), count: UInt64(count))
        var remaining = remainingOperations
        defer { remainingOperations = remaining }
        return CfaExpression.value(cursor, on: cfa, remaining: &remaining) { question in
            switch question {
            case .register(let number): value(of: number)
            case .memory(let address): sample.word(at: address)
            }
        }
    }
}
