/// What a client accepts (RFC 9110, section 12.5).
enum Negotiation {
    /// OpenMetrics where the client prefers it to text, else the text that every scraper reads.
    static func metricFormat(accept: String?) -> MetricFormat {
        let ranges = ranges(accept ?? "")
        let open = ranges.filter {
            $0.name == "application/openmetrics-text" && ["", "1.0.0", "1.0"].contains($0.version)
        }
        guard let openQuality = open.map(\.quality).max(), openQuality > 0 else { return .prometheus }
        let plain = ranges.filter { $0.name == "text/plain" }.map(\.quality).max() ?? 0
        return openQuality >= plain ? .openMetrics : .prometheus
    }

    /// Whether `gzip` may be sent.
    static func acceptsGzip(_ acceptEncoding: String?) -> Bool {
        let ranges = ranges(acceptEncoding ?? "")
        let match = ranges.first { $0.name == "gzip" } ?? ranges.first { $0.name == "*" }
        return (match?.quality ?? 0) > 0
    }

    private struct Range {
        var name: String
        var version = ""
        var quality = 1.0
    }

    private static func ranges(_ header: String) -> [Range] {
        header.split(separator: ",").prefix(64).map { item in
            let parts = item.split(separator: ";").map { trim($0).lowercased() }
            var range = Range(name: parts.first ?? "")
            for part in parts.dropFirst() {
                if part.hasPrefix("q=") { range.quality = Double(part.dropFirst(2)) ?? 0 }
                if part.hasPrefix("version=") { range.version = String(part.dropFirst(8).filter { $0 != "\"" }) }
            }
            return range
        }
    }

    static func trim(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
