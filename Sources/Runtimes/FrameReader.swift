public import Binary
public import Model

/// Reads the frames that a managed runtime owns, where native unwinding cannot see them.
///
/// There is one for each file of code that it recognises, made by ``FrameReaders``. A walk asks it whenever the next
/// program counter lies in that file, frame by frame, until the code is not the runtime's any more.
public protocol FrameReader: AnyObject {
    /// Steps from a frame to its caller.
    ///
    /// - Parameters:
    ///   - bias: address in the process minus address in the file.
    ///   - stack: the copied stack.
    func step(_ frame: FrameState, bias: UInt64, stack: some StackBytes) -> FrameStep
}

/// What every frame has.
public struct FrameState: Hashable, Sendable {
    /// Where execution is or will return to.
    public var pc: UInt64
    /// Stack pointer.
    public var sp: UInt64
    /// The register rbp, 0 if it is not known any more.
    public var framePointer: UInt64
    /// Whether `pc` is the instruction that runs next, not a return address.
    public var isExact: Bool

    /// A frame.
    public init(pc: UInt64, sp: UInt64, framePointer: UInt64, isExact: Bool) {
        self.pc = pc
        self.sp = sp
        self.framePointer = framePointer
        self.isExact = isExact
    }

    /// An address inside the instruction that made the call.
    public var lookupAddress: UInt64 { isExact ? pc : pc &- 1 }
}

/// What a reader of frames answers.
public enum FrameStep: Hashable, Sendable {
    /// The frame is the runtime's; this is its caller.
    case next(FrameState)
    /// The frame is the runtime's, and the stack ends with it.
    case end(StackEnd)
    /// The code is not the runtime's: native unwinding goes on.
    case notMine
}

/// The copied stack, by the addresses of the process.
public protocol StackBytes {
    /// The 8 bytes at an address, `nil` outside of the copy.
    func word(at address: UInt64) -> UInt64?
    /// First address behind the copy, and whether the copy ended there because of its size.
    var end: (address: UInt64, isCut: Bool) { get }
}

/// The readers of frames that there are: one line each.
public enum FrameReaders {
    private static let makers: [@Sendable (ElfImage) -> (any FrameReader)?] = [
        { GoFrameReader(image: $0) }
    ]

    /// The reader for a file, `nil` for native code.
    public static func reader(for image: ElfImage) -> (any FrameReader)? {
        for make in makers { if let reader = make(image) { return reader } }
        return nil
    }
}
