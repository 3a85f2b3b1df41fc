public import Model

/// A copied stack with the registers of the same moment.
@safe
public struct StackSample {
    public var registers: Registers
    /// The bytes from the stack pointer upwards.
    public let stack: UnsafeRawBufferPointer
    /// Whether the copy ended at its size limit instead of the end of what is mapped.
    public var isCut: Bool

    /// - Parameter stack: must stay valid while the sample is in use.
    public init(registers: Registers, stack: UnsafeRawBufferPointer, isCut: Bool) {
        self.registers = registers
        unsafe self.stack = stack
        self.isCut = isCut
    }
}

/// One frame found by an unwinder.
public struct UnwoundFrame: Hashable, Sendable {
    /// Where execution is or will return to.
    public var pc: UInt64
    /// Stack pointer in this frame.
    public var sp: UInt64
    /// Whether `pc` is the instruction that runs next (leaf, interrupted by a signal) and not a return address.
    public var isExact: Bool

    public init(pc: UInt64, sp: UInt64, isExact: Bool) {
        self.pc = pc
        self.sp = sp
        self.isExact = isExact
    }

    /// An address inside the instruction that made the call.
    public var lookupAddress: UInt64 { isExact ? pc : pc &- 1 }
}

/// Walks a copied stack from the leaf to the root.
public protocol NativeUnwinder: AnyObject {
    /// Appends the frames to `frames`, leaf first, and says how the walk ended.
    func unwind(_ sample: StackSample, in space: some CodeSpace, into frames: inout [UnwoundFrame]) -> StackEnd
}
