public import Model

/// A copied stack with the registers of the same moment.
@safe
public struct StackSample {
    /// Registers of the leaf.
    public var registers: Registers
    /// The bytes from the stack pointer upwards.
    public let stack: UnsafeRawBufferPointer
    /// Address in the process of the first byte.
    public let stackStart: UInt64
    /// Whether the copy ended at its size limit instead of the end of what is mapped.
    public var isCut: Bool

    /// - Parameter stack: must stay valid while the sample is in use.
    public init(registers: Registers, stack: UnsafeRawBufferPointer, isCut: Bool) {
        self.registers = registers
        unsafe self.stack = stack
        stackStart = registers.stackPointer
        self.isCut = isCut
    }

    /// The 8 bytes at an address, `nil` outside of the copy.
    public func word(at address: UInt64) -> UInt64? {
        let offset = address &- stackStart
        let size = unsafe UInt64(stack.count)
        guard size >= 8, offset <= size - 8 else { return nil }
        // SAFETY: offset + 8 is at most the size of the copy.
        return unsafe stack.loadUnaligned(fromByteOffset: Int(offset), as: UInt64.self)
    }

    /// First address behind the copy.
    public var stackEnd: UInt64 { unsafe stackStart &+ UInt64(stack.count) }
}

/// One frame found by an unwinder.
public struct UnwoundFrame: Hashable, Sendable {
    /// Where execution is or will return to.
    public var pc: UInt64
    /// Stack pointer in this frame.
    public var sp: UInt64
    /// Whether `pc` is the instruction that runs next (leaf, interrupted by a signal) and not a return address.
    public var isExact: Bool

    /// A frame at an address.
    public init(pc: UInt64, sp: UInt64, isExact: Bool) {
        self.pc = pc
        self.sp = sp
        self.isExact = isExact
    }

    /// An address inside the instruction that made the call.
    public var lookupAddress: UInt64 { isExact ? pc : pc &- 1 }
}

/// How a native walk ended.
public enum UnwindOutcome: Hashable, Sendable {
    /// At the root, or where it could not go on.
    case ended(StackEnd)
    /// In front of a frame that is foreign to it (``CodeSpace/isForeign(_:)``): its pc, a return address, and registers.
    case handedBack(pc: UInt64, sp: UInt64, framePointer: UInt64)
}

/// Walks a copied stack from the leaf to the root.
public protocol NativeUnwinder: AnyObject {
    /// Appends the frames to `frames`, leaf first, and says how the walk ended.
    func unwind(_ sample: StackSample, in space: some CodeSpace, into frames: inout [UnwoundFrame]) -> UnwindOutcome
}
