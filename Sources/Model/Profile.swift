/// An immutable profile: what queries return and encoders read. Self-contained, all indices point into its own arrays.
public struct Profile: Sendable {
    /// What the weights measure.
    public var kind: SampleKind
    /// Start and end of the window, nanoseconds since the Unix epoch.
    public var startTime: Int64
    /// End of the window, nanoseconds since the Unix epoch.
    public var endTime: Int64
    /// Mean sampling period in the window, in the unit of the kind.
    public var period: Int64
    /// What the profile is worth.
    public var truth: ProfileTruth
    /// Modules of the frames.
    public var modules: [ModuleInfo]
    /// Distinct addresses.
    public var frames: [ProfileFrame]
    /// Stacks as a trie: node 0 is the empty stack; a node's parent has a smaller index than the node.
    public var nodes: [StackNode]
    /// Where samples were taken.
    public var contexts: [SampleContext]
    /// At most one for each pair of stack and context.
    public var samples: [ProfileSample]

    /// A profile whose indices the caller vouches for.
    public init(
        kind: SampleKind, startTime: Int64, endTime: Int64, period: Int64, truth: ProfileTruth = ProfileTruth(),
        modules: [ModuleInfo] = [], frames: [ProfileFrame] = [], nodes: [StackNode] = [.root],
        contexts: [SampleContext] = [], samples: [ProfileSample] = []
    ) {
        self.kind = kind
        self.startTime = startTime
        self.endTime = endTime
        self.period = period
        self.truth = truth
        self.modules = modules
        self.frames = frames
        self.nodes = nodes
        self.contexts = contexts
        self.samples = samples
    }
}

/// One distinct address in a profile.
public struct ProfileFrame: Hashable, Sendable {
    /// Index into ``Profile/modules``.
    public var module: Int32
    /// See ``FrameKey/address``.
    public var address: UInt64
    /// Its function, or why there is none.
    public var name: FrameName

    /// A frame of a module.
    public init(module: Int32, address: UInt64, name: FrameName) {
        self.module = module
        self.address = address
        self.name = name
    }
}

/// A node of the stack trie: the frame and the path of its callers.
public struct StackNode: Hashable, Sendable {
    /// Index of the caller's node; −1 for node 0.
    public var parent: Int32
    /// Index into ``Profile/frames``; −1 for node 0.
    public var frame: Int32

    /// A node below its caller.
    public init(parent: Int32, frame: Int32) {
        self.parent = parent
        self.frame = frame
    }

    /// The empty stack.
    public static let root = StackNode(parent: -1, frame: -1)
}

/// How often one stack was seen in one context.
public struct ProfileSample: Hashable, Sendable {
    /// Index of the leaf in ``Profile/nodes``.
    public var node: Int32
    /// Index into ``Profile/contexts``.
    public var context: Int32
    /// Number of samples.
    public var count: Int64
    /// Sum of their weights in the unit of the kind. A real number: the period varies.
    public var weight: Double

    /// Sums of equal samples.
    public init(node: Int32, context: Int32, count: Int64, weight: Double) {
        self.node = node
        self.context = context
        self.count = count
        self.weight = weight
    }
}

/// What a profile is worth: every answer carries it.
public struct ProfileTruth: Hashable, Sendable {
    /// Samples taken in the window, those of the answer only.
    public var samples: Int64 = 0
    /// Samples that the kernel or the daemon lost in the window, on the whole host: they cannot be told apart by target.
    public var lost: Int64 = 0
    /// Stacks whose outer part was cut off by the size of the dump.
    public var truncated: Int64 = 0
    /// Stacks whose outer part was added from outside of the dump.
    public var completed: Int64 = 0
    /// Stacks that could not be walked to the root.
    public var broken: Int64 = 0
    /// Samples whose leaf has no name.
    public var unnamed: Int64 = 0

    /// Nothing sampled, nothing lost.
    public init() {}
}
