public import Model
import Synchronization

/// Why a stack was walked by libunwind.
public enum FallbackReason: String, Sendable, CaseIterable {
    /// Code without a rule whose caller nothing proves: only guessing is left.
    case unproven
    /// A rule needs a register that is not known, or an expression failed.
    case registers
    /// Call frame information that contradicts itself.
    case malformed
    /// A rule leads to a word outside of the copied stack and not above it.
    case outside
    /// A caller would lie below the frame that it called.
    case backwards
    /// A copy of less than a word.
    case noStack = "no_stack"
}

/// How the two engines differed about a stack.
public enum UnwindDisagreement: String, Sendable, CaseIterable {
    /// The native engine stopped earlier, with the same frames until there.
    case nativeShorter = "native_shorter"
    /// libunwind stopped earlier, with the same frames until there.
    case libunwindShorter = "libunwind_shorter"
    /// The frames are the same, what is said about their end is not.
    case end
    /// Different frames: one of them is wrong.
    case divergent
}

/// What unwinding counts; written by its thread, read by anyone.
public final class UnwindCounters: Sendable {
    /// Frames walked by rules.
    public let frames = EventCounter()
    /// Look-ups of a rule that the cache answered.
    public var hits: UInt64 {
        let misses = shared.value &+ decoded.value &+ unreadable.value &+ foreign.value
        return frames.value > misses ? frames.value - misses : 0
    }
    /// Look-ups answered by what another process had needed.
    public let shared = EventCounter()
    /// Look-ups that decoded an FDE, or found that there is none.
    public let decoded = EventCounter()
    /// Look-ups of code that no readable file is mapped at.
    public let unreadable = EventCounter()
    /// Look-ups that found a runtime's own code.
    public let foreign = EventCounter()
    /// Rules that took the place of others.
    public let replaced = EventCounter()
    /// Stacks that were walked by rules with all registers.
    public let wide = EventCounter()
    /// Stacks that both engines walked.
    public let verified = EventCounter()

    private let fallbacks = FallbackReason.allCases.map { _ in EventCounter() }
    private let disagreements = UnwindDisagreement.allCases.map { _ in EventCounter() }

    /// All zero.
    public init() {}

    /// Stacks that libunwind walked, by reason.
    public var fallbacksByReason: [(reason: FallbackReason, count: UInt64)] {
        zip(FallbackReason.allCases, fallbacks).map { ($0, $1.value) }
    }
    /// Stacks that the engines differed about.
    public var disagreementsByReason: [(reason: UnwindDisagreement, count: UInt64)] {
        zip(UnwindDisagreement.allCases, disagreements).map { ($0, $1.value) }
    }

    func add(_ reason: FallbackReason) { fallbacks[FallbackReason.allCases.firstIndex(of: reason) ?? 0].add() }

    // MARK: Differences by module

    /// A kind of difference in one module.
    public struct Place: Hashable, Sendable {
        /// ``ImageBytes/number`` of the image that the last common frame is in; 0 where there is none.
        public var image: UInt64
        /// How the engines differed.
        public var kind: UnwindDisagreement
    }

    /// Places that are remembered; more are counted without a place.
    static let maximumPlaces = 1024
    private let places = Mutex<[Place: UInt64]>([:])

    /// Differences by module and kind.
    public var disagreementsByPlace: [Place: UInt64] { places.withLock { $0 } }

    func add(_ kind: UnwindDisagreement, image: UInt64) {
        disagreements[UnwindDisagreement.allCases.firstIndex(of: kind) ?? 0].add()
        places.withLock { places in
            let place = Place(image: image, kind: kind)
            if places[place] != nil || places.count < Self.maximumPlaces { places[place, default: 0] += 1 }
        }
    }
}
