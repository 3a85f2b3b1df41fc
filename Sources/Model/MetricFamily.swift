/// A family of metrics with its samples, ready to be written in any exposition format.
public struct MetricFamily: Sendable {
    public enum Kind: String, Sendable { case counter, gauge, histogram }

    /// Full name; counters end in `_total`.
    public var name: String
    public var kind: Kind
    public var help: String
    public var points: [MetricPoint]

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
    public var name: String
    public var value: String
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// One sample of a family.
public struct MetricPoint: Sendable {
    public enum Value: Sendable {
        case number(Double)
        /// Upper bounds ascending without infinity, cumulative counts with one more element (that of `+Inf`), the sum.
        case histogram(bounds: [Double], cumulative: [UInt64], sum: Double)
    }

    public var labels: [MetricLabel]
    public var value: Value

    public init(labels: [MetricLabel], value: Value) {
        self.labels = labels
        self.value = value
    }
}
