public import Model

/// How two sides of different length or load are made comparable.
public enum DiffNormalization: String, Sendable, CaseIterable {
    /// CPU seconds per second of the window.
    case time
    /// Share of the samples of the side, 0…1.
    case total

    /// What values are measured in.
    public var unit: String {
        switch self {
        case .time: "cpus"
        case .total: "share"
        }
    }
}

/// What changed between two sides, by function and by path.
public struct Diff: Sendable {
    /// How the sides were made comparable; the unit of all values.
    public var normalization: DiffNormalization
    /// Before.
    public var base: DiffSide
    /// After.
    public var to: DiffSide
    /// Functions and groups of ``nodes``.
    public var names: [Function]
    /// Paths, depth first; node 0 is the whole.
    public var nodes: [DiffNode]
    /// Paths left out because the tree was larger than asked for.
    public var droppedNodes: Int
    /// Functions that differ at all, the largest difference of self first. Empty when both sides are the same.
    public var functions: [DiffFunction]
}

/// One side of a diff.
public struct DiffSide: Hashable, Sendable {
    /// What was measured.
    public var kind: SampleKind = .cpu
    /// Start of the window, nanoseconds since the Unix epoch.
    public var startTime: Int64 = 0
    /// End of the window, nanoseconds since the Unix epoch.
    public var endTime: Int64 = 0
    /// Mean sampling period, in the unit of the kind.
    public var period: Int64 = 0
    /// What the samples are worth.
    public var truth = ProfileTruth()
    /// Sum of all weights, in the unit of the kind.
    public var weight: Double = 0
    /// Seconds that were sampled: what ``DiffNormalization/time`` divides by.
    public var seconds: Double = 0
    /// Parts of the window whose spread the intervals come from; 0 where they come from the number of samples alone.
    public var parts: Int = 0
}

/// One value on both sides, with what is known of the difference.
public struct DiffValue: Hashable, Sendable {
    /// Before, in the unit of the normalization.
    public var base: Double = 0
    /// After.
    public var value: Double = 0
    /// Lower end of the 95 % confidence interval of ``delta``.
    public var low: Double = 0
    /// Upper end of it.
    public var high: Double = 0
    /// Probability of such a difference by chance, adjusted for the number of differences looked at.
    public var adjusted: Double = 1

    /// What was added; negative for what went away.
    public var delta: Double { value - base }
    /// Whether chance is no good explanation; see ``Significance``.
    public var isSignificant: Bool { adjusted <= Significance.falseDiscoveryRate }
}

/// One function on both sides.
public struct DiffFunction: Hashable, Sendable {
    /// Which function.
    public var function: Function
    /// In the function itself.
    public var own: DiffValue
    /// In the function or in what it called; a recursion is counted once.
    public var total: DiffValue
    /// Whether its own or its total difference is more than noise.
    public var isSignificant: Bool { own.isSignificant || total.isSignificant }
}

/// One path on both sides.
public struct DiffNode: Hashable, Sendable {
    /// Index into ``Diff/names``.
    public var function: Int32
    /// Index of the caller, −1 for node 0.
    public var parent: Int32
    /// 0 for node 0.
    public var depth: Int32
    /// Whether every frame merged here was inlined into its caller.
    public var inlined: Bool
    /// Here and below.
    public var total: DiffValue
    /// Exactly here, before.
    public var ownBase: Double
    /// Exactly here, after.
    public var ownValue: Double
    /// Samples here and below, before.
    public var baseCount: Int64
    /// Samples here and below, after.
    public var count: Int64
}
