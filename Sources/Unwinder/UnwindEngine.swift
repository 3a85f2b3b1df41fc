import Model

/// The engine that Hearth uses: rules first, libunwind for what they cannot express, and now and then both, to know
/// how often they differ.
///
/// Owned by one thread.
public final class UnwindEngine: NativeUnwinder {
    /// What it counts.
    public let counters: UnwindCounters
    private let rules: RuleEngine
    private let libunwind: LibunwindEngine
    private let verifyEvery: Int
    private var untilVerification: Int
    private var other: [UnwoundFrame] = []

    /// - Parameter verifyEvery: one in how many stacks is walked by both engines; 0: none.
    public init(verifyEvery: Int, counters: UnwindCounters = UnwindCounters()) {
        self.counters = counters
        rules = RuleEngine(counters: counters)
        libunwind = LibunwindEngine()
        self.verifyEvery = max(0, verifyEvery)
        untilVerification = self.verifyEvery
    }

    /// Bytes of caches, without libunwind's.
    public var byteCount: Int { rules.byteCount }

    /// Appends the frames of one stack and says how its walk ended.
    public func unwind(
        _ sample: StackSample, in space: some CodeSpace, into frames: inout [UnwoundFrame]
    ) -> UnwindOutcome {
        let start = frames.count
        switch rules.unwind(sample, in: space, into: &frames) {
        case .refused(let reason):
            counters.add(reason)
            return libunwind.unwind(sample, in: space, into: &frames)
        case .walked(let outcome):
            if isVerified() { verify(frames[start...], outcome, sample, in: space) }
            return outcome
        }
    }

    /// Whether it is this stack's turn.
    private func isVerified() -> Bool {
        guard verifyEvery > 0 else { return false }
        untilVerification -= 1
        guard untilVerification == 0 else { return false }
        untilVerification = verifyEvery
        return true
    }

    private func verify(
        _ frames: ArraySlice<UnwoundFrame>, _ outcome: UnwindOutcome, _ sample: StackSample, in space: some CodeSpace
    ) {
        other.removeAll(keepingCapacity: true)
        let otherOutcome = libunwind.unwind(sample, in: space, into: &other)
        counters.verified.add()
        let comparison = UnwindComparison(frames, outcome, with: other[...], otherOutcome)
        guard let kind = comparison.disagreement else { return }
        let image = comparison.lastCommon.flatMap { space.image(at: $0.lookupAddress)?.bytes?.number }
        counters.add(kind, image: image ?? 0)
    }
}
