/// Columns that line up: numbers to the right, names to the left and cut where the terminal ends.
struct Table {
    enum Alignment { case left, right }

    struct Column {
        var title: String
        var alignment: Alignment
        /// Whether the column gives way when the line is too long.
        var canShrink = false
    }

    let columns: [Column]
    var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// The lines, the first one the titles.
    ///
    /// - Parameter width: columns of the terminal; `nil`: nothing is cut.
    func lines(width: Int?) -> [String] {
        var widths = columns.map(\.title.count)
        for row in rows {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) }
        }
        if let width { shrink(&widths, to: width) }
        return ([columns.map(\.title)] + rows).map { line($0, widths) }
    }

    /// Takes from the columns that may shrink, the widest first, down to 12 each.
    private func shrink(_ widths: inout [Int], to width: Int) {
        var excess = widths.reduce(0, +) + 2 * (widths.count - 1) - width
        while excess > 0 {
            let candidates = columns.indices.filter { columns[$0].canShrink && widths[$0] > 12 }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return }
            widths[widest] -= 1
            excess -= 1
        }
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            let shown = Self.cut(cell, to: widths[index])
            let padding = String(repeating: " ", count: widths[index] - shown.count)
            let isLast = index == cells.count - 1
            switch columns[index].alignment {
            case .right: text += padding + shown
            case .left: text += isLast ? shown : shown + padding
            }
            if !isLast { text += "  " }
        }
        return text
    }

    /// The middle goes: both ends of a function's name tell something.
    static func cut(_ text: String, to width: Int) -> String {
        if text.count <= width { return text }
        let head = (width - 1) / 2
        return text.prefix(head) + "…" + text.suffix(width - 1 - head)
    }
}

/// Numbers for tables.
enum Shown {
    /// With so many decimals; never a minus in front of nothing.
    static func decimal(_ value: Double, _ places: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "?" }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = Int64((abs(value) * scale).rounded())
        let digits = String(scaled)
        let sign = value < 0 && scaled != 0 ? "-" : ""
        if places == 0 { return sign + digits }
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return sign + padded.dropLast(places) + "." + padded.suffix(places)
    }

    /// `12.3%`.
    static func percent(_ share: Double) -> String { decimal(share * 100, 1) + "%" }

    /// `3.4 GiB`.
    static func bytes(_ count: Double) -> String {
        var value = count
        var unit = "B"
        for larger in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 {
            value /= 1024
            unit = larger
        }
        return decimal(value, unit == "B" || value >= 100 ? 0 : 1) + " " + unit
    }

    /// `1.234 s` of nanoseconds.
    static func seconds(_ nanoseconds: Double) -> String { decimal(nanoseconds / 1e9, 2) + " s" }

    /// `12,345`.
    static func count(_ value: Double) -> String {
        let digits = decimal(value, 0)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, digit != "-", (digits.count - index) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return result
    }
}
