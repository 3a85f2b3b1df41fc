/// Sums over equal steps of a window, by row, out of pieces of any length.
///
/// A piece that crosses a step's bound is divided in proportion. Values are the sums over what was recorded of a step,
/// divided by that time: a step of which only a part was recorded is not too low.
public struct SeriesGrid: Sendable {
    /// Start of the first step, nanoseconds since the Unix epoch.
    public let start: Int64
    /// Length of a step in ns.
    public let step: Int64
    /// Recorded time of each step in ns.
    private var covered: [Double]
    private var sums: [String: [Double]] = [:]

    /// Steps that people read, in seconds.
    private static let steps: [Int64] = [
        1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 86_400,
    ]
    private static let second: Int64 = 1_000_000_000

    /// The finest grid of whole steps that covers the window with at most so many values.
    public init(_ query: SeriesQuery) {
        let from = max(0, query.from)
        let last = max(from, query.to - 1)
        func count(_ step: Int64) -> Int64 { last / step - from / step + 1 }
        let points = Int64(max(1, query.points))
        let fitting = Self.steps.lazy.map { $0 * Self.second }.first { count($0) <= points }
        // Longer than all of them: whole days, as many as it takes.
        let day = 86_400 * Self.second
        var step = fitting ?? day
        while count(step) > points { step += max(day, (last - from) / points / day * day - step) }
        self.step = step
        start = from / step * step
        covered = [Double](repeating: 0, count: Int(count(step)))
    }

    /// Notes that all of a piece was recorded.
    public mutating func cover(from: Int64, to: Int64) {
        split(from: from, to: to) { grid, index, share in grid.covered[index] += share * Double(to - from) }
    }

    /// Adds an amount that is spread evenly over a piece.
    public mutating func add(_ amount: Double, row: String, from: Int64, to: Int64) {
        split(from: from, to: to) { grid, index, share in
            grid.sums[row, default: [Double](repeating: 0, count: grid.covered.count)][index] += amount * share
        }
    }

    private func index(of time: Int64) -> Int { Int((time - start) / step) }

    /// Pieces that are not longer than a slot lie in the step of their middle: a slot is not divided.
    private mutating func split(from: Int64, to: Int64, _ body: (inout SeriesGrid, Int, Double) -> Void) {
        let end = start + step * Int64(covered.count)
        guard to > from, to > start, from < end else { return }
        if to - from <= Self.second {
            let middle = from + (to - from) / 2
            if middle >= start, middle < end { body(&self, index(of: middle), 1) }
            return
        }
        let (low, high) = (max(from, start), min(to, end))
        for index in index(of: low)...index(of: high - 1) {
            let left = max(low, start + Int64(index) * step)
            let right = min(high, start + Int64(index + 1) * step)
            body(&self, index, Double(right - left) / Double(to - from))
        }
    }

    /// The answer; amounts are in nanoseconds for ``SeriesName/cpu``, counts otherwise.
    ///
    /// - Parameter rows: these, also if nothing was added to them; `nil`: those with the largest sums.
    public func answer(_ name: SeriesName, rows: [String]? = nil) -> SeriesAnswer {
        let ranked = sums.map { ($0.key, $0.value.reduce(0, +)) }.sorted { ($0.1, $1.0) > ($1.1, $0.0) }
        let names = rows ?? ranked.prefix(SeriesQuery.mostRows).map(\.0)
        let scale = name == .cpu ? 1.0 : 1e9
        return SeriesAnswer(
            start: start, step: step,
            rows: names.map { row in
                let sums = sums[row] ?? [Double](repeating: 0, count: covered.count)
                let values = zip(sums, covered).map { $1 > 0 ? $0 * scale / $1 : nil }
                return SeriesAnswer.Row(target: row, values: values)
            })
    }
}
