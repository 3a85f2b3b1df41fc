import Foundation
import Testing

@testable import hearth

struct JSONTests {
    @Test func values() throws {
        let text = #" {"a": [1, -2.5e3, true, false, null], "b": {"c": "x\n\"\\\/é😀\ud800"}, "a ": {}} "#
        let value = try #require(JSONValue(parsing: Array(text.utf8)))
        #expect(value["a"]?.elements == [.number(1), .number(-2500), .boolean(true), .boolean(false), .null])
        #expect(value["b"]?["c"]?.text == "x\n\"\\/é😀\u{FFFD}")
        #expect(value["a "] == .object([:]))
        #expect(value["missing"] == nil && value["a"]?["b"] == nil)
    }

    @Test(arguments: [
        "", "{", "[1,", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "\"x", "\"\\x\"", "\"\\u12\"", "\"\u{1}\"", "tru",
        "1 2",
        "+1", "--1", "[,]", "{\"a\":1,}", "nan", "\"\\u+123\"",
    ])
    func whatIsNoJSON(text: String) { #expect(JSONValue(parsing: Array(text.utf8)) == nil) }

    @Test func depthIsBounded() {
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(JSONValue(parsing: Array(deep.utf8)) == nil)
        let fine = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
        #expect(JSONValue(parsing: Array(fine.utf8)) != nil)
    }

    /// Every prefix and many mutations of an answer: agree with Foundation on what is JSON, and never trap.
    @Test func mutations() {
        let original = Array(#"{"t":[{"n":"aé","v":1.5e2,"l":[true,null]},{"n":"😀"}]}"#.utf8)
        for length in 0..<original.count { #expect(JSONValue(parsing: Array(original[..<length])) == nil) }
        var state: UInt64 = 1
        for _ in 0..<20_000 {
            var bytes = original
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
            _ = JSONValue(parsing: bytes)
        }
    }

    @Test func quotedTextIsJSON() throws {
        let text = "a\"\\\n\u{1}é😀"
        #expect(JSONValue(parsing: Array(JSONText.quoted(text).utf8))?.text == text)
    }
}

struct ShownTests {
    @Test func numbers() {
        #expect(
            Shown.decimal(1.25, 1) == "1.3" && Shown.decimal(0.05, 2) == "0.05" && Shown.decimal(-0.001, 2) == "0.00")
        #expect(Shown.decimal(.nan, 1) == "?" && Shown.decimal(1e300, 1) == "?")
        #expect(Shown.bytes(0) == "0 B" && Shown.bytes(1536) == "1.5 KiB" && Shown.bytes(300 * 1_048_576) == "300 MiB")
        #expect(Shown.count(1_234_567) == "1,234,567" && Shown.count(999) == "999")
    }

    @Test func tablesFitTheTerminal() {
        var table = Table([
            .init(title: "N", alignment: .right), .init(title: "NAME", alignment: .left, canShrink: true),
        ])
        table.rows = [["1", String(repeating: "a", count: 50) + String(repeating: "z", count: 50)]]
        let lines = table.lines(width: 40)
        #expect(lines.allSatisfy { $0.count <= 40 })
        #expect(lines[1].hasPrefix("1  aaa") && lines[1].contains("…") && lines[1].hasSuffix("zzz"))
    }
}

struct AddressTests {
    @Test func forms() {
        #expect(ServerAddress("unix:/a/b") == .unix(path: "/a/b"))
        #expect(ServerAddress("unix:///a/b") == .unix(path: "/a/b"))
        #expect(ServerAddress("localhost:9797") == .url("http://localhost:9797"))
        #expect(ServerAddress("https://h.example/") == .url("https://h.example"))
        for bad in [
            "", "unix:", "unix:a", "ftp://h", "http://", "http://h?x", "h i",
            "unix:/" + String(repeating: "a", count: 107),
        ] {
            #expect(ServerAddress(bad) == nil, "\(bad)")
        }
    }
}
