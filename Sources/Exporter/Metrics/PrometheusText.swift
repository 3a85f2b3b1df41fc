public import Model

/// How metrics are written.
public enum MetricFormat: Sendable, CaseIterable {
    /// Prometheus text 0.0.4.
    case prometheus
    /// OpenMetrics 1.0.
    case openMetrics

    /// Value of the `Content-Type` header.
    public var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}

/// Metric families as text for a scraper.
public struct PrometheusText: Sendable {
    private let format: MetricFormat
    private var text = ""

    /// All families. Parts of one family are joined; a family whose name or kind clashes is left out, since one
    /// wrong line would cost the scraper the whole page.
    public static func encode(_ families: [MetricFamily], as format: MetricFormat) -> [UInt8] {
        var writer = PrometheusText(format: format)
        for family in joined(families) { writer.write(family) }
        if format == .openMetrics { writer.text += "# EOF\n" }
        return Array(writer.text.utf8)
    }

    private init(format: MetricFormat) { self.format = format }

    private static func joined(_ families: [MetricFamily]) -> [MetricFamily] {
        var places: [String: Int] = [:]
        var result: [MetricFamily] = []
        for family in families where isName(family.name, colons: true) {
            if let place = places[family.name] {
                if result[place].kind == family.kind { result[place].points += family.points }
            } else {
                places[family.name] = result.count
                result.append(family)
            }
        }
        return result
    }

    private mutating func write(_ family: MetricFamily) {
        let name = base(family)
        text += "# HELP \(name) \(escape(family.help, quotes: format == .openMetrics))\n"
        text += "# TYPE \(name) \(family.kind.rawValue)\n"
        var seen: Set<[MetricLabel]> = []
        for point in family.points {
            let labels = point.labels.filter { Self.isName($0.name, colons: false) }
            guard seen.insert(labels.sorted { $0.name < $1.name }).inserted else { continue }
            write(point.value, family, labels)
        }
    }

    private mutating func write(_ value: MetricPoint.Value, _ family: MetricFamily, _ labels: [MetricLabel]) {
        switch (family.kind, value) {
        case (.histogram, .histogram(let bounds, let cumulative, let sum)):
            write(bounds: bounds, cumulative: cumulative, sum: sum, family, labels)
        case (.counter, .number(let number)):
            line(base(family) + (format == .openMetrics ? "_total" : ""), labels, number)
        case (.gauge, .number(let number)):
            line(family.name, labels, number)
        case (.histogram, .number), (.counter, .histogram), (.gauge, .histogram):
            break
        }
    }

    private mutating func write(
        bounds: [Double], cumulative: [UInt64], sum: Double, _ family: MetricFamily, _ labels: [MetricLabel]
    ) {
        guard cumulative.count == bounds.count + 1, let total = cumulative.last else { return }
        for (bound, count) in zip(bounds + [.infinity], cumulative) {
            line(family.name + "_bucket", labels + [MetricLabel("le", number(bound))], Double(count))
        }
        line(family.name + "_sum", labels, sum)
        line(family.name + "_count", labels, Double(total))
    }

    private mutating func line(_ name: String, _ labels: [MetricLabel], _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{"
            for (index, label) in labels.enumerated() {
                if index > 0 { text += "," }
                text += "\(label.name)=\"\(escape(label.value, quotes: true))\""
            }
            text += "}"
        }
        text += " \(number(value))\n"
    }

    /// OpenMetrics names a counter's family without the `_total` of its sample.
    private func base(_ family: MetricFamily) -> String {
        guard format == .openMetrics, family.kind == .counter, family.name.hasSuffix("_total") else {
            return family.name
        }
        return String(family.name.dropLast(6))
    }

    private func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return NumberText.plain(value)
    }

    private func escape(_ value: String, quotes: Bool) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`; labels without the colon.
    private static func isName(_ name: String, colons: Bool) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.unicodeScalars.allSatisfy {
            ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "_"
                || (colons && $0 == ":")
        }
    }
}
