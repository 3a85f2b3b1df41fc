/// A question about numbers over time.
public struct SeriesQuery: Hashable, Sendable {
    /// Whose numbers.
    public enum Scope: Hashable, Sendable {
        /// One row for all that the selector matches.
        case selected(TargetSelector)
        /// A row for each target, the busiest first, at most ``SeriesQuery/mostRows``.
        case eachTarget
    }

    /// What is asked for: one of ``SeriesName``.
    public var name: SeriesName
    /// Whose numbers.
    public var scope: Scope
    /// Which of their samples.
    public var filter: ProfileFilter
    /// Start of the window, nanoseconds since the Unix epoch.
    public var from: Int64
    /// End of the window, nanoseconds since the Unix epoch.
    public var to: Int64
    /// Values of a row at most, from 1.
    public var points: Int

    /// Rows of one answer at most.
    public static let mostRows = 50
    /// Values of a row at most.
    public static let mostPoints = 2000

    /// A question about a window.
    public init(
        name: SeriesName, scope: Scope, filter: ProfileFilter = .everything, from: Int64, to: Int64, points: Int = 300
    ) {
        self.name = name
        self.scope = scope
        self.filter = filter
        self.from = from
        self.to = to
        self.points = min(max(points, 1), Self.mostPoints)
    }
}

extension SeriesQuery {
    /// The rows that the answer must have; `nil` when the sums decide.
    public var rows: [String]? {
        if name == .lost { return [TargetSelector.all.description] }
        if case .selected(let selector) = scope { return [selector.description] }
        return nil
    }
}

/// The numbers that are kept over time.
public enum SeriesName: String, Hashable, Sendable, CaseIterable {
    /// CPUs in use.
    case cpu
    /// Samples a second.
    case samples
    /// Samples lost a second, on the whole host: they cannot be told apart by target.
    case lost

    /// The unit of the values.
    public var unit: String {
        switch self {
        case .cpu: "cpus"
        case .samples, .lost: "per second"
        }
    }
}

/// Rows of numbers at equal distances.
public struct SeriesAnswer: Hashable, Sendable {
    /// One row.
    public struct Row: Hashable, Sendable {
        /// The target, or the selector as it was written.
        public var target: String
        /// One for each step; `nil` where nothing was recorded.
        public var values: [Double?]

        /// A row of an answer.
        public init(target: String, values: [Double?]) {
            self.target = target
            self.values = values
        }
    }

    /// Start of the first step, nanoseconds since the Unix epoch; a multiple of ``step``.
    public var start: Int64
    /// Length of a step in ns.
    public var step: Int64
    /// At most ``SeriesQuery/mostRows``; all have the same number of values.
    public var rows: [Row]

    /// An answer.
    public init(start: Int64, step: Int64, rows: [Row]) {
        self.start = start
        self.step = step
        self.rows = rows
    }
}

/// Answers questions about numbers over time.
public protocol SeriesSource: Sendable {
    /// Never waits for a sample.
    func series(_ query: SeriesQuery) throws(QueryError) -> SeriesAnswer
}
