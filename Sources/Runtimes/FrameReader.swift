public import Model

/// Reads the frames that a managed runtime owns, where native unwinding cannot see them.
///
/// A walk asks the reader whenever the next program counter lies in code of the runtime. The reader steps through as
/// many frames as it owns and hands back the registers with which native unwinding goes on.
public protocol FrameReader: AnyObject {
    /// Steps from `state` over the frames at its program counter that belong to the runtime.
    ///
    /// - Parameter emit: called for each frame, innermost first, with the address as it is stored.
    /// - Returns: where native unwinding goes on, or how the stack ended here.
    func step(_ state: FrameState, stack: some StackBytes, emit: (FrameKey) -> Void) -> FrameStep
}

/// The registers that every frame has.
public struct FrameState: Hashable, Sendable {
    public var pc: UInt64
    public var sp: UInt64
    public var framePointer: UInt64
    /// Whether `pc` is the next instruction, not a return address.
    public var isExact: Bool

    public init(pc: UInt64, sp: UInt64, framePointer: UInt64, isExact: Bool) {
        self.pc = pc
        self.sp = sp
        self.framePointer = framePointer
        self.isExact = isExact
    }
}

/// What a reader of frames answers.
public enum FrameStep: Hashable, Sendable {
    /// Frames were emitted; native unwinding goes on here.
    case next(FrameState)
    /// The code is not the runtime's.
    case notMine
    /// The stack ends here.
    case end(StackEnd)
}

/// The copied stack, by the addresses of the process.
public protocol StackBytes {
    /// The 8 bytes at an address, `nil` outside of the copy.
    func word(at address: UInt64) -> UInt64?
}
