import Glibc

/// Which differences are more than noise.
///
/// Every quantity that a diff looks at gets a two-sided p-value; those of one family (all functions, or all paths)
/// are adjusted together by the procedure of Benjamini and Hochberg ("Controlling the False Discovery Rate", J. R.
/// Stat. Soc. B 57, 1995), which holds for the positive dependence that callers and callees have (Benjamini and
/// Yekutieli, Ann. Stat. 29, 2001): of the differences called significant, at most ``falseDiscoveryRate`` are expected
/// to be noise, however many were looked at. Quantities with fewer than ``fewestSamples`` on both sides together cannot
/// differ significantly and are no part of the family: their number is independent of their difference (Bourgon,
/// Gentleman and Huber, PNAS 107, 2010). The intervals themselves are those of single quantities.
public enum Significance {
    /// Expected share of noise among what is called significant.
    public static let falseDiscoveryRate = 0.05
    /// Confidence of the intervals.
    public static let confidence = 0.95
    /// Samples on both sides together below which no difference can be significant.
    public static let fewestSamples: Int64 = 6

    /// Quantile 0.975 of the normal distribution.
    static let normalQuantile = 1.959963984540054

    /// Quantile 0.975 of Student's distribution, by the normal approximation of Wallace ("Bounds on Normal
    /// Approximations to Student's and the Chi-Square Distributions", Ann. Math. Stat. 30, 1959), within 0.2 % from
    /// five degrees of freedom on.
    static func quantile(degreesOfFreedom: Double) -> Double {
        guard degreesOfFreedom.isFinite, degreesOfFreedom < 1e6 else { return normalQuantile }
        let scaled = normalQuantile * (8 * degreesOfFreedom + 3) / (8 * degreesOfFreedom + 1)
        return (degreesOfFreedom * expm1(scaled * scaled / degreesOfFreedom)).squareRoot()
    }

    /// Two-sided probability of at least this t, by the same approximation.
    static func probability(t: Double, degreesOfFreedom: Double) -> Double {
        var z = abs(t)
        if degreesOfFreedom.isFinite, degreesOfFreedom < 1e6 {
            let scale = (8 * degreesOfFreedom + 1) / (8 * degreesOfFreedom + 3)
            z = scale * (degreesOfFreedom * log1p(t * t / degreesOfFreedom)).squareRoot()
        }
        return erfc(z / 2.0.squareRoot())
    }

    /// Adjusted p-values in the order of the given ones: `min over j ≥ i of p(j)·m/j` for the i-th smallest.
    static func adjusted(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var result = values
        var least = 1.0
        for (rank, index) in order.enumerated().reversed() {
            least = min(least, values[index] * Double(values.count) / Double(rank + 1))
            result[index] = least
        }
        return result
    }
}
