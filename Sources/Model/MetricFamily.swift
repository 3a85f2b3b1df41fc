/// A family of metrics with its samples, ready to be written in any exposition format.
public struct MetricFamily: Sendable {
    /// The type that is announced to scrapers.
    public enum Kind: String, Sendable { case counter, gauge, histogram }

    /// Full name; counters end in `_total`.
    public var name: String
    /// What the samples are: decides how the writer lays them out.
    public var kind: Kind
    /// One sentence for `# HELP`.
    public var help: String
    /// The samples, in the order in which they are written.
    public var points: [MetricPoint]

    /// A family; samples can be added later.
    public init(_ name: String, _ kind: Kind, help: String, points: [MetricPoint] = []) {
        self.name = name
        self.kind = kind
        self.help = help
        self.points = points
    }

    /// Adds a sample.
    public mutating func add(_ value: Double, _ labels: MetricLabel...) {
        points.append(MetricPoint(labels: labels, value: .number(value)))
    }

    /// A family without labels.
    public static func single(_ name: String, _ kind: Kind, help: String, _ value: Double) -> MetricFamily {
        MetricFamily(name, kind, help: help, points: [MetricPoint(labels: [], value: .number(value))])
    }
}

/// One `name="value"`; the value is any UTF-8 and is escaped by the writer.
public struct MetricLabel: Hashable, Sendable {
    /// Name of the label.
    public var name: String
    /// Any UTF-8, not escaped.
    public var value: String
    /// A label as it is, not escaped.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// One sample of a family.
public struct MetricPoint: Sendable {
    /// What a scraper reads.
    public enum Value: Sendable {
        case number(Double)
        /// Upper bounds ascending without infinity, cumulative counts with one more element (that of `+Inf`), the sum.
        case histogram(bounds: [Double], cumulative: [UInt64], sum: Double)
    }

    /// Labels, in the order in which they are written; without `le`.
    public var labels: [MetricLabel]
    /// The number, or all buckets of one histogram.
    public var value: Value

    /// A sample with its labels.
    public init(labels: [MetricLabel], value: Value) {
        self.labels = labels
        self.value = value
    }
}
