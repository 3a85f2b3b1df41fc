import TestKit
import Testing

@testable import Unwinder

/// Every row of a real library beside what binutils makes of the same bytes.
struct LibraryRowTests {
    /// A line of `readelf --debug-dump=frames-interp`: address, CFA, and columns that state a place.
    private struct Row {
        var address: UInt64
        var cfa: String
        var places: [String: String]
    }

    private static let columns = ["rbx": 3, "rbp": 6, "r12": 12, "r13": 13, "r14": 14, "r15": 15, "ra": 16]

    private func rows(_ file: String) throws -> [Row] {
        let readelf = try ExternalTool.find("readelf").get()
        var rows: [Row] = []
        var header: [Substring] = []
        for line in try Command.run(readelf, ["--debug-dump=frames-interp", "-W", file]).output.split(separator: "\n") {
            let fields = line.split(separator: " ")
            if line.contains(" FDE ") || line.contains(" CIE ") { header = [] }
            if fields.first == "LOC" {
                header = fields
            } else if fields.count == header.count, fields.count > 1, let address = UInt64(fields[0], radix: 16) {
                let places = zip(header.dropFirst(2), fields.dropFirst(2)).map { (String($0), String($1)) }
                rows.append(
                    Row(address: address, cfa: String(fields[1]), places: Dictionary(uniqueKeysWithValues: places)))
            }
        }
        // The first lines of CIEs are at address 0.
        return rows.filter { $0.address > 0 }
    }

    private func text(_ rule: CfaRule) -> String {
        if rule.expressionCount > 0 { return "exp" }
        let names = ["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp"]
        let name = rule.register < 8 ? names[Int(rule.register)] : "r\(rule.register)"
        return "\(name)\(rule.value < 0 ? "" : "+")\(rule.value)"
    }

    @Test func libc() throws {
        let file = "/lib/x86_64-linux-gnu/libc.so.6"
        let image = try FileImage.mapped(file)
        let source = RuleSource.fresh
        let rows = try rows(file)
        #expect(rows.count > 20_000)
        for row in rows {
            source.begin()
            guard let found = try source.row(at: row.address, in: image) else {
                Issue.record("no row at \(row.address)")
                continue
            }
            #expect(text(found.cfa) == row.cfa, "at \(row.address)")
            for (name, place) in row.places {
                guard let register = Self.columns[name], place.hasPrefix("c") else { continue }
                let rule = found.registers[register]
                #expect(
                    rule.kind == .offset && "c\(rule.value < 0 ? "" : "+")\(rule.value)" == place, "at \(row.address)")
            }
        }
    }
}

/// The segments of a library, read whole.
enum FileImage {
    /// The image of a file whose segments with tables lie in it at their own addresses.
    static func mapped(_ file: String) throws -> FlatImage {
        let listing = try Command.output("readelf", ["-lW", file])
        func fields(_ name: String) throws -> [UInt64] {
            let line = try #require(listing.split(separator: "\n").first { $0.contains("  \(name) ") })
            return try line.split(separator: " ")[1...4].map { try #require(UInt64($0.dropFirst(2), radix: 16)) }
        }
        let header = try fields("GNU_EH_FRAME")
        // offset, virtual address, physical address, size: the header and everything behind it in its segment.
        let bytes = try FileReader.bytes(file, at: header[0], count: 1 << 20)
        let image = FlatImage(address: header[1], bytes, number: 1)
        image.unwindTable = UnwindTable(header: header[1], size: header[3], in: image)
        return image
    }
}
