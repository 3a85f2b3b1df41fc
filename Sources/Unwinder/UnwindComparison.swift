/// Holds two walks of one stack against each other.
///
/// Frames are the same if they are in the same instruction at the same stack pointer: engines differ in whether they
/// state a return address or the call in front of it.
struct UnwindComparison {
    /// How the walks differ; `nil` if they agree.
    let disagreement: UnwindDisagreement?
    /// The last frame that both have in the same place.
    let lastCommon: UnwoundFrame?

    init(
        _ frames: ArraySlice<UnwoundFrame>, _ outcome: UnwindOutcome, with other: ArraySlice<UnwoundFrame>,
        _ otherOutcome: UnwindOutcome
    ) {
        let common = zip(frames, other).prefix { $0.lookupAddress == $1.lookupAddress && $0.sp == $1.sp }.count
        lastCommon = common > 0 ? frames[frames.startIndex + common - 1] : nil
        if common < min(frames.count, other.count) {
            disagreement = .divergent
        } else if frames.count != other.count {
            disagreement = frames.count < other.count ? .nativeShorter : .libunwindShorter
        } else {
            disagreement = outcome == otherOutcome ? nil : .end
        }
    }
}
