import Model
public import Unwinder

/// One stack of a real program, recorded at one moment: everything that an unwinder reads, and what it has to find.
public struct StackFixture: Sendable {
    /// What the recorder knows about the program, and `note`: why the debugger says otherwise. In the order of the file.
    public var facts: [Fact] = []
    /// Registers of the leaf.
    public var registers = Registers()
    /// The bytes from the stack pointer upwards.
    public var stack: [UInt8] = []
    /// Whether the copy ended at its size limit.
    public var isCut = false
    /// Executable mappings, sorted by address, without overlap.
    public var mappings: [RecordedMapping] = []
    /// Files that are mapped.
    public var images: [RecordedImage] = []
    /// The frames that every engine has to find, leaf first.
    public var frames: [UnwoundFrame] = []
    /// How the walk has to end.
    public var outcome = UnwindOutcome.ended(.complete)
    /// What gdb found at the same moment.
    public var debugger: [DebuggerFrame] = []

    /// Nothing recorded yet.
    public init() {}

    /// One line of provenance.
    public struct Fact: Hashable, Sendable {
        /// One lower-case word.
        public var key: String
        /// The rest of the line.
        public var value: String

        /// A line.
        public init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    /// The first fact of a kind.
    public func fact(_ key: String) -> String? { facts.first { $0.key == key }?.value }

    /// Lends the recorded sample.
    public func withSample<Result>(_ body: (StackSample) throws -> Result) rethrows -> Result {
        // SAFETY: the sample does not leave the closure.
        try unsafe stack.withUnsafeBytes { bytes in
            try unsafe body(StackSample(registers: registers, stack: bytes, isCut: isCut))
        }
    }

    /// Number of leading frames in which the debugger agrees by pc and sp.
    public var agreement: Int {
        zip(frames, debugger).prefix { $0.pc == $1.pc && $0.sp == $1.sp }.count
    }

    /// Whether the debugger found the same frames.
    public var isConfirmed: Bool { agreement == frames.count && agreement == debugger.count }
}

/// A frame as gdb saw it.
public struct DebuggerFrame: Hashable, Sendable {
    /// Where execution is or will return to.
    public var pc: UInt64
    /// Stack pointer in this frame.
    public var sp: UInt64
    /// Function, empty if unknown.
    public var name: String

    /// A frame.
    public init(pc: UInt64, sp: UInt64, name: String) {
        self.pc = pc
        self.sp = sp
        self.name = name
    }
}

/// An executable mapping.
public struct RecordedMapping: Hashable, Sendable {
    /// Addresses of the process.
    public var range: Range<UInt64>
    /// Index into ``StackFixture/images``, `nil` for code without a file, or whose file cannot be read.
    public var image: Int?
    /// Address in the process minus address in the image.
    public var bias: UInt64
    /// Whether a runtime reads the frames of this code itself.
    public var isForeign: Bool
    /// Whether it is code that a runtime made in memory.
    public var isMade: Bool

    /// A mapping.
    public init(range: Range<UInt64>, image: Int?, bias: UInt64, isForeign: Bool, isMade: Bool = false) {
        self.isMade = isMade
        self.range = range
        self.image = image
        self.bias = bias
        self.isForeign = isForeign
    }
}

/// The part of a file that unwinding one stack touches.
public struct RecordedImage: Sendable {
    /// Where the unwind table is.
    public enum Table: Hashable, Sendable {
        case none
        /// `.eh_frame_hdr` with a sorted table of this many pairs.
        case header(address: UInt64, size: UInt64, count: UInt64)
        /// `.eh_frame` alone. What was not needed of it is replaced by records that say nothing, each as long as the gap.
        case section(address: UInt64, size: UInt64)
    }

    /// A pair of the table of `.eh_frame_hdr`: offsets of the code and of its FDE from the header.
    public struct Pair: Hashable, Sendable {
        /// Position in the table.
        public var index: UInt64
        /// Both halves as they are in the file: the code's offset is the lower one.
        public var word: UInt64

        /// A pair.
        public init(index: UInt64, word: UInt64) {
            self.index = index
            self.word = word
        }
    }

    /// Last component of the path.
    public var name: String
    /// Hexadecimal digits, empty without one.
    public var buildID: String
    /// The start of a process by the file's header, 0 if none.
    public var entryPoint: UInt64 = 0
    /// Addresses that the file backs.
    public var segments: [Range<UInt64>] = []
    /// How FDEs are found.
    public var table = Table.none
    /// The pairs that a search can end at and their neighbours, sorted by index.
    public var pairs: [Pair] = []
    /// Bytes by the addresses of the image.
    public var bytes = SparseBytes()

    /// A file of which nothing is recorded yet.
    public init(name: String, buildID: String) {
        self.name = name
        self.buildID = buildID
    }
}
