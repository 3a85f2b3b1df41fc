import Glibc

/// The quantities of one side, in the unit of the normalization, with the variance of each.
///
/// A quantity is a ratio r = W / X: W the sum of its weights, X the length of the window in ns (`time`) or the sum of all
/// weights (`total`). Its variance is the larger of two:
///
/// - **from the parts of the window**, which sees everything that makes seconds differ, not only the sampling: with
///   wᵢ and xᵢ in part i of n and the residuals eᵢ = wᵢ − r·xᵢ (the ratio estimator of cluster sampling: Cochran,
///   Sampling Techniques, 1977, chapters 6 and 9A),
///   Var(r) = n/(n−1) · (γ₀ + 2·Σ(1 − l/(L+1))·γₗ) / X², γₗ = Σ eᵢ·eᵢ₋ₗ, at least that of γ₀ alone; the sum over the
///   lags l = 1…L is for parts that resemble their neighbours (Newey and West, Econometrica 55, 1987), with their
///   L = ⌊4·(n/100)^(2/9)⌋. It has n − 1 degrees of freedom and is used from ``fewestParts`` parts on.
/// - **from the number of samples**: samples of a statistical profiler are Poisson events, each with its weight:
///   Var(W) = Σ weight² (of a compound Poisson process; Ross, Stochastic Processes, 1996, 2.5), and for a share p,
///   whose whole varies with it, ((1−p)²·Σ weight² + p²·Σ weight² of the others) / X². One mean weight squared is
///   added, as if one sample more had been seen: else what was never seen would be known exactly (the idea of
///   Agresti and Caffo, The American Statistician 54, 2000).
struct DiffEstimate {
    private(set) var values: [Double]
    private(set) var variances: [Double]
    private(set) var counts: [Double]
    /// Of the variances; infinite where they come from the number of samples alone.
    let degreesOfFreedom: Double
    /// What the sums are divided by; 0 when nothing can be said.
    let exposure: Double

    /// Parts from which on their spread is believed.
    static let fewestParts = 8

    /// - Parameter meanWeight: of the samples of the other side, for a side that has none.
    init(_ parts: [DiffPart], _ quantities: DiffQuantities, _ normalization: DiffNormalization, meanWeight: Double) {
        let all = parts.flatMap(\.entries)
        let weights = quantities.row(all) { $0.weight }
        counts = quantities.row(all) { Double($0.count) }
        let whole = weights[0]
        let divisor = normalization == .time ? parts.reduce(0) { $0 + $1.nanoseconds } : whole
        exposure = divisor
        values = divisor > 0 ? weights.map { $0 / divisor } : weights.map { _ in 0 }
        let squares = quantities.row(all) { $0.square }
        let unit = counts[0] > 0 ? whole / counts[0] : meanWeight
        variances = squares.indices.map { index in
            guard normalization == .total, whole > 0 else { return squares[index] + unit * unit }
            let share = weights[index] / whole
            return (1 - share) * (1 - share) * squares[index] + share * share * (squares[0] - squares[index])
                + unit * unit
        }
        let usesParts = parts.count >= Self.fewestParts && divisor > 0
        degreesOfFreedom = usesParts ? Double(parts.count - 1) : .infinity
        if usesParts { raise(by: spread(parts, quantities, normalization)) }
        for index in variances.indices {
            variances[index] = divisor > 0 ? variances[index] / (divisor * divisor) : .infinity
        }
    }

    private mutating func raise(by spread: [Double]) {
        for index in variances.indices { variances[index] = max(variances[index], spread[index]) }
    }

    /// Variances of the sums from the residuals of the parts.
    private func spread(
        _ parts: [DiffPart], _ quantities: DiffQuantities, _ normalization: DiffNormalization
    ) -> [Double] {
        let lags = Self.lags(parts.count)
        var squares = [Double](repeating: 0, count: quantities.count)
        var covariances = squares
        // Residuals of the parts before, the latest first.
        var earlier: [[Double]] = []
        for part in parts {
            var residuals = quantities.row(part.entries) { $0.weight }
            let size = normalization == .time ? part.nanoseconds : residuals[0]
            for index in residuals.indices { residuals[index] -= values[index] * size }
            for index in residuals.indices { squares[index] += residuals[index] * residuals[index] }
            for (lag, other) in earlier.enumerated() {
                let factor = 2 * (1 - Double(lag + 1) / Double(lags + 1))
                for index in residuals.indices { covariances[index] += factor * residuals[index] * other[index] }
            }
            earlier.insert(residuals, at: 0)
            if earlier.count > lags { earlier.removeLast() }
        }
        let correction = Double(parts.count) / Double(parts.count - 1)
        return squares.indices.map { correction * (squares[$0] + max(0, covariances[$0])) }
    }

    private static func lags(_ parts: Int) -> Int { Int(4 * pow(Double(parts) / 100, 2.0 / 9)) }
}

extension DiffEstimate {
    /// A value on both sides: `delta ± t·√(Var + Var)` with the degrees of freedom of Welch ("The Generalization of
    /// Student's Problem when Several Different Population Variances are Involved", Biometrika 34, 1947). `adjusted`
    /// is not adjusted yet.
    static func compare(_ base: DiffEstimate, _ to: DiffEstimate, at index: Int) -> DiffValue {
        var result = DiffValue(base: base.values[index], value: to.values[index])
        // Sums of the same samples in another order differ in their last bits.
        if abs(result.delta) <= 1e-9 * max(result.base, result.value) {
            result.value = result.base
        }
        let (first, second) = (base.variances[index], to.variances[index])
        let variance = first + second
        guard variance.isFinite else {
            (result.low, result.high) = (-1, 1)
            return result
        }
        let spread = first * first / base.degreesOfFreedom + second * second / to.degreesOfFreedom
        let freedom = spread > 0 ? variance * variance / spread : .infinity
        let error = variance.squareRoot()
        let margin = Significance.quantile(degreesOfFreedom: freedom) * error
        (result.low, result.high) = (result.delta - margin, result.delta + margin)
        guard error > 0, result.delta != 0 else { return result }
        result.adjusted = Significance.probability(t: result.delta / error, degreesOfFreedom: freedom)
        return result
    }
}
