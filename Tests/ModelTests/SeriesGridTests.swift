import Model
import TestKit
import Testing

@Suite struct SeriesGridTests {
    private let second: Int64 = 1_000_000_000

    private func query(from: Int64, to: Int64, points: Int = 300) -> SeriesQuery {
        SeriesQuery(name: .cpu, scope: .eachTarget, from: from * second, to: to * second, points: points)
    }

    @Test func takesTheFinestStepThatFits() {
        for (length, points, step) in [
            (300, 300, 1), (301, 300, 2), (86_400, 300, 300), (86_400, 287, 600), (600, 60, 10),
        ] {
            let grid = SeriesGrid(query(from: 1_000_000, to: 1_000_000 + Int64(length), points: points))
            #expect(grid.step == Int64(step) * second)
            #expect(grid.start % grid.step == 0)
        }
    }

    @Test func neverGivesMorePointsThanAskedFor() {
        var generator = SeededGenerator(5)
        for _ in 0..<500 {
            let from = Int64(generator.below(2_000_000_000))
            let points = 1 + generator.below(2000)
            let to = from + 1 + Int64(generator.below(40_000_000))
            var grid = SeriesGrid(query(from: from, to: to, points: points))
            grid.add(1, row: "a", from: from * second, to: to * second)
            let answer = grid.answer(.cpu)
            #expect(answer.rows[0].values.count <= points)
            #expect(answer.start <= from * second)
        }
    }

    @Test func meansAreOverTheRecordedTime() {
        var grid = SeriesGrid(query(from: 1000, to: 1040, points: 4))
        grid.cover(from: 1005 * second, to: 1010 * second)
        grid.add(2.5e9, row: "a", from: 1005 * second, to: 1010 * second)
        // A piece over two steps: half of it in each.
        grid.cover(from: 1015 * second, to: 1025 * second)
        grid.add(10e9, row: "a", from: 1015 * second, to: 1025 * second)
        #expect(grid.answer(.cpu, rows: ["a", "b"]).rows.map(\.values) == [[0.5, 1, 1, nil], [0, 0, 0, nil]])
    }

    @Test func slotsAreNotDivided() {
        var grid = SeriesGrid(query(from: 1000, to: 1003))
        for index in 0..<3 {
            let start = 1000 * second + Int64(index) * second + 300_000_000
            grid.cover(from: start, to: start + second)
            grid.add(Double(index) * 1e9, row: "a", from: start, to: start + second)
        }
        #expect(grid.answer(.cpu).rows[0].values == [0, 1, 2])
    }

    @Test func theBusiestRowsComeFirst() {
        var grid = SeriesGrid(query(from: 0, to: 10))
        grid.cover(from: 0, to: 10 * second)
        for row in 0..<60 { grid.add(Double(row), row: "r\(row)", from: 0, to: 10 * second) }
        let rows = grid.answer(.cpu).rows.map(\.target)
        #expect(rows.count == SeriesQuery.mostRows)
        #expect(rows.first == "r59")
        #expect(rows.last == "r10")
    }
}
