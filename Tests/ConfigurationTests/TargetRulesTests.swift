import Testing

@testable import Configuration

struct TargetRulesTests {
    @Test(arguments: [
        ("postgres", "postgres", true), ("postgres", "postgres2", false), ("python3*", "python3.11", true),
        ("*", "", true), ("?", "", false), ("a?c", "abc", true), ("a?c", "aéc", true), ("a??c", "aéc", false),
        ("*.service", "x.service", true), ("*a*b*c*", "xxaxxbxxcxx", true), ("*a*b*c*", "xxaxxcxxbxx", false),
        ("[a-c]x", "bx", true), ("[!a-c]x", "bx", false), ("[]]", "]", true), ("[a-]", "-", true),
        ("\\*", "*", true), ("\\*", "a", false), ("/usr/*/x", "/usr/a/b/x", true), ("**", "anything", true),
    ])
    func glob(pattern: String, text: String, expected: Bool) throws {
        #expect(try #require(GlobPattern(pattern)).matches(text) == expected)
    }

    @Test func badPatterns() {
        #expect(GlobPattern("") == nil)
        #expect(GlobPattern("[a") == nil)
        #expect(GlobPattern("[z-a]") == nil)
        #expect(GlobPattern(String(repeating: "a", count: 513)) == nil)
    }

    /// The pattern that makes a backtracking matcher take for ever: steps are at most pattern × text.
    @Test func noBlowUp() throws {
        let pattern = try #require(GlobPattern(String(repeating: "a*", count: 250) + "b"))
        let clock = ContinuousClock()
        let time = clock.measure { #expect(!pattern.matches(String(repeating: "a", count: 100_000))) }
        #expect(time < .seconds(5))
    }

    @Test func rulesDecide() throws {
        let text = """
            targets:
              rules:
                - {match: {exe: python3*, cmdline: "*celery*"}, name: celery}
                - {match: {exe: /opt/*/worker}, name: celery}
                - {match: {exe: postgres, user: "pg-*"}, name: "postgres {user}"}
                - {match: {unit: "backup-*.service"}, exclude: true}
                - {match: {cgroup: "*/batch.slice/*"}, name: "{unit}"}
            """
        let rules = try Configuration(yaml: Array(text.utf8), file: "t").targets.rules
        func decide(
            _ exe: String, _ cmdline: String = "", user: String = "", unit: String = "", cgroup: String = ""
        ) -> TargetDecision {
            rules.decide(
                TargetSubject(executable: exe, commandLine: cmdline, user: user, unit: unit, cgroup: cgroup))
        }
        #expect(decide("/usr/bin/python3.11", "python3 -m celery worker") == .named("celery"))
        #expect(decide("/opt/x/worker") == .named("celery"))
        #expect(decide("/usr/bin/worker") == .unchanged)
        #expect(decide("/usr/bin/python3.11", "python3 -m http.server") == .unchanged)
        #expect(decide("/usr/lib/postgresql/15/bin/postgres", user: "pg-main") == .named("postgres pg-main"))
        #expect(decide("/bin/tar", unit: "backup-home.service") == .excluded)
        // An empty name is no name.
        #expect(decide("/bin/x", cgroup: "/batch.slice/y") == .unchanged)
        #expect(decide("/bin/x", unit: "u.service", cgroup: "/batch.slice/y") == .named("u.service"))
        #expect(rules.needCommandLine)
    }

    @Test func namesAreCutAndCleaned() throws {
        let template = try NameTemplate("{exe}")
        #expect(template.fill(TargetSubject(executable: "/a/b\nc")) == "b?c")
        let long = template.fill(TargetSubject(executable: "/" + String(repeating: "é", count: 500)))
        #expect(long.utf8.count == NameTemplate.maximumNameBytes)
    }
}
