import Glibc

/// The interval in which the true share lies with 99 % certainty when `hits` of `count` samples showed it.
///
/// Wilson's score interval (E. B. Wilson, 1927): (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n), z = 2.5758.
public struct BinomialInterval: Hashable, Sendable {
    /// Bounds of the share, 0…1.
    public var lower: Double, upper: Double

    /// The interval for `hits` among `count` samples; everything for no sample.
    public init(hits: Double, count: Double) {
        guard count > 0 else {
            (lower, upper) = (0, 1)
            return
        }
        let z = 2.575829303548901
        let share = min(max(hits / count, 0), 1)
        let scale = 1 / (1 + z * z / count)
        let centre = (share + z * z / (2 * count)) * scale
        let half = z * (share * (1 - share) / count + z * z / (4 * count * count)).squareRoot() * scale
        lower = max(0, centre - half)
        upper = min(1, centre + half)
    }

    /// Whether a share lies inside, bounds included.
    public func contains(_ share: Double) -> Bool { lower <= share && share <= upper }
}

/// When a measured share agrees with a known one: within two points, or inside the binomial 99 % interval if wider.
public enum Tolerance {
    /// Whether a share that was measured with so many samples agrees with the truth, both 0…1.
    public static func agrees(measured: Double, truth: Double, samples: Int) -> Bool {
        if abs(measured - truth) <= 0.02 { return true }
        return BinomialInterval(hits: measured * Double(samples), count: Double(samples)).contains(truth)
    }

    /// The functions whose measured share does not agree with the truth, each with both shares; empty when all do.
    public static func disagreements(measured: [String: Double], truth: [String: Double], samples: Int) -> [String] {
        truth.sorted { $0.key < $1.key }.compactMap { name, share in
            let seen = measured[name] ?? 0
            if agrees(measured: seen, truth: share, samples: samples) { return nil }
            return "\(name): measured \(seen), truth \(share), \(samples) samples"
        }
    }
}
