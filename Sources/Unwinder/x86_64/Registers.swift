/// The registers of one moment, in DWARF order (System V ABI AMD64, figure 3.36): rax rdx rcx rbx rsi rdi rbp rsp r8…r15
/// and the return address, which holds rip.
public struct Registers: Sendable {
    /// Values by their DWARF numbers.
    public var values: InlineArray<17, UInt64>

    /// Registers with these values.
    public init(values: InlineArray<17, UInt64>) { self.values = values }
    /// Registers that are all 0.
    public init() { values = InlineArray(repeating: 0) }

    /// rip: the instruction that runs next.
    public var instructionPointer: UInt64 {
        get { values[16] }
        set { values[16] = newValue }
    }
    /// rsp.
    public var stackPointer: UInt64 {
        get { values[7] }
        set { values[7] = newValue }
    }
    /// rbp, which is the frame pointer only where the compiler keeps one.
    public var framePointer: UInt64 {
        get { values[6] }
        set { values[6] = newValue }
    }

    /// Positions in perf's sample of the registers 0…16 of DWARF, for the mask 0xff0fff
    /// (arch/x86/include/uapi/asm/perf_regs.h: AX BX CX DX SI DI BP SP IP FLAGS CS SS R8…R15).
    public static let perfOrder: InlineArray<17, Int> = [0, 3, 2, 1, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17, 18, 19, 8]
}
