import Testing

@testable import Configuration

/// What a person reads who made a mistake.
struct ProblemTests {
    static func problems(_ text: String) -> [String] {
        do {
            _ = try Configuration(yaml: Array(text.utf8), file: "f.yaml")
            return []
        } catch { return error.problems.map(\.description) }
    }

    @Test(arguments: [
        ("samplign:\n  hertz: 5\n", "f.yaml:1:1: unknown key \"samplign\" in the file: did you mean sampling?"),
        (
            "sampling:\n  hetrz: 5\n",
            "f.yaml:2:3: unknown key \"hetrz\" in sampling: did you mean hertz?"
        ),
        ("hertz: 5\n", "f.yaml:1:1: unknown key \"hertz\" in the file: did you mean sampling.hertz?"),
        (
            "log:\n  zzzzzzzzzz: 1\n",
            "f.yaml:2:3: unknown key \"zzzzzzzzzz\" in log; known are level"
        ),
        (
            "sampling: {hertz: 5, hertz: 6}",
            "f.yaml:1:22: hertz is set twice, first in line 1"
        ),
        (
            "sampling:\n  hertz: 0\n",
            "f.yaml:2:10: sampling.hertz: expected a whole number from 1 to 10000, found \"0\""
        ),
        (
            "sampling:\n  hertz: fast\n",
            "f.yaml:2:10: sampling.hertz: expected a whole number from 1 to 10000, found \"fast\""
        ),
        (
            "sampling:\n  hertz: [1]\n",
            "f.yaml:2:10: sampling.hertz: expected a whole number from 1 to 10000, found a list"
        ),
        ("sampling: 5\n", nil),
        (
            "sampling:\n  jitter: nan\n",
            "f.yaml:2:11: sampling.jitter: expected a number from 0.0 to 0.9, found \"nan\""
        ),
        (
            "sampling:\n  wakeup: imediate\n",
            "f.yaml:2:11: sampling.wakeup: expected one of batched, immediate, found \"imediate\" "
                + "(did you mean immediate?)"
        ),
        (
            "sampling:\n  kernel_stacks: yes\n",
            "f.yaml:2:18: sampling.kernel_stacks: expected true or false, found \"yes\""
        ),
        (
            "memory:\n  store_bytes: 8MB\n",
            "f.yaml:2:16: memory.store_bytes: expected a size from 1MiB to 16GiB (bytes, or with KiB, MiB, GiB), "
                + "found \"8MB\""
        ),
        ("memory:\n  store_bytes: 9223372036854775807GiB\n", nil),
        (
            "sampling:\n  ring_bytes: 3MiB\n",
            "f.yaml:2:15: sampling.ring_bytes: expected auto, or a size from 256KiB to 256MiB, a power of two "
                + "(bytes, or with KiB, MiB, GiB), found \"3MiB\""
        ),
        (
            "windows:\n  retention: 15\n",
            "f.yaml:2:14: windows.retention: expected a duration from 10s to 1d with its unit (ms, s, m, h, d), "
                + "found \"15\""
        ),
        (
            "listen:\n  - 127.0.0.1:9797\n  - nonsense\n",
            "f.yaml:3:5: listen: expected HOST:PORT, [IPV6]:PORT or unix:/PATH (at most 107 bytes), found \"nonsense\""
        ),
        ("state_dir: var\n", "f.yaml:1:12: state_dir: expected an absolute path, found \"var\""),
        ("state_dir:\n", "f.yaml:1:11: state_dir: expected an absolute path, found nothing"),
        ("http:\n  allowed_hosts: [\"a b\"]\n", nil),
        ("- 1\n", nil),
        ("a: b: c\n", "f.yaml:1:5: not valid YAML: mapping values are not allowed in this context"),
        ("log: {level: info\n", nil),
        ("log:\n\tlevel: info\n", nil),
        ("--- {}\n--- {}\n", "f.yaml:2:1: a second document: one file holds one"),
        ("a: &x [*x]\n", "f.yaml:1:8: no anchor &x ends before this alias"),
        (
            "targets:\n  rules:\n    - match: {exe: a}\n",
            "f.yaml:3:7: a rule has either name or exclude: true"
        ),
        ("targets:\n  rules:\n    - name: a\n", "f.yaml:3:7: a rule without match"),
        (
            "targets:\n  rules:\n    - {match: {exe: a}, name: \"{exee}\"}\n",
            "f.yaml:3:31: name: unknown place {exee}: did you mean {exe}?"
        ),
        (
            "targets:\n  rules:\n    - {match: {ex: a}, name: b}\n",
            "f.yaml:3:16: unknown key \"ex\" in match: did you mean exe?"
        ),
        ("targets:\n  rules:\n    - {match: {exe: \"[a\"}, name: b}\n", nil),
    ])
    func oneProblem(text: String, expected: String?) {
        let found = Self.problems(text)
        #expect(!found.isEmpty, "accepted: \(text)")
        #expect(found.allSatisfy { $0.hasPrefix("f.yaml:") })
        if let expected { #expect(found.contains(expected), "got \(found)") }
    }

    @Test func everyProblemIsReported() {
        let text = "listen: 5\nlog:\n  level: loud\nsampling:\n  hertz: -1\n  unknown: 1\nstate_dir: x\n"
        #expect(Self.problems(text).count == 5)
    }

    @Test func problemsAreCapped() {
        let text = (0..<5000).map { "key\($0): 1\n" }.joined()
        #expect(Self.problems(text).count == ProblemList.limit)
    }

    @Test func oversizedAndBinaryFilesAreRefused() {
        #expect(Self.problems(String(repeating: "# x\n", count: 300_000)) == ["f.yaml: larger than 1MiB"])
        #expect(throws: ConfigurationProblems.self) {
            try Configuration(yaml: [0xFF, 0xFE, 0x00, 0x01, 0x80], file: "f.yaml")
        }
        #expect(throws: ConfigurationProblems.self) { try Configuration(yaml: [0x61, 0x3A, 0xC3, 0x28], file: "f") }
    }

    /// Ten levels of ten aliases would be ten thousand million values.
    @Test func aliasesThatMultiplyAreRefused() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            text +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        let found = Self.problems(text)
        #expect(found.count == 1)
        #expect(found[0].contains("more than 20000 values"))
    }

    @Test func deepNestingIsRefused() {
        let found = Self.problems("a: " + String(repeating: "[", count: 100_000))
        #expect(found == ["f.yaml:1:19: nested deeper than 16 levels"])
    }

    @Test func aliasesWork() throws {
        let text = "paths: {proc: &p /x, sys: *p}\n"
        let configuration = try Configuration(yaml: Array(text.utf8), file: "f")
        #expect(configuration.paths.sys == "/x")
    }

    @Test func emptyMeansDefaults() throws {
        for text in ["", "# nothing\n", "---\n", "~\n", "sampling:\nlog: ~\n", "{}"] {
            #expect(try Configuration(yaml: Array(text.utf8), file: "f") == Configuration(), "\(text)")
        }
    }
}
