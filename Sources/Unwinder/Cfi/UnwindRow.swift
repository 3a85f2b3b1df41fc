/// Where the caller's value of one register is (DWARF 5, 6.4.1).
struct RegisterRule: Hashable {
    enum Kind: UInt8 {
        /// As it was. Also the meaning of registers that nothing is said about.
        case same
        /// Gone.
        case undefined
        /// At CFA + value.
        case offset
        /// CFA + value.
        case valueOffset
        /// In the register of that number.
        case register
        /// At the address that an expression gives; value is the address of the expression in the image.
        case expression
        /// What an expression gives.
        case valueExpression
    }

    var kind: Kind = .same
    /// Bytes of the expression.
    var count: UInt16 = 0
    var value: Int64 = 0
}

/// How the canonical frame address is found: the stack pointer in front of the call.
struct CfaRule: Hashable {
    /// Register that it counts from; of no meaning for an expression.
    var register: UInt64 = 0
    /// Distance from the register, or the address of the expression in the image.
    var value: Int64 = 0
    /// Bytes of the expression, 0 if there is none.
    var expressionCount: UInt16 = 0
}

/// One row of the table that call frame information stands for: how to get from a frame to its caller.
struct UnwindRow {
    /// Registers that are followed, by their DWARF numbers; others (vectors, flags) do not lead to callers.
    static let registerCount = 17

    var cfa = CfaRule()
    var registers = InlineArray<17, RegisterRule>(repeating: RegisterRule())
    /// Whether the caller was interrupted by a signal, so that its pc is the instruction that runs next.
    var isSignalFrame = false
    /// Whether there is a rule for a register that is not followed.
    var hasOtherRegisters = false
}
