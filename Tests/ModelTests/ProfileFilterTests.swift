import Model
import TestKit
import Testing

@Suite struct NamePatternTests {
    @Test(arguments: [
        ("main", "main", true), ("main", "main2", false), ("ma*", "main", true), ("*in", "main", true),
        ("m*n", "main", true), ("m*n", "mn", true), ("m*m", "m", false), ("*", "", true), ("*", "x", true),
        ("a*b*c", "abcbc", true), ("a*b*c", "acb", false), ("free(void*)", "free(void*)", true),
        ("free(void*)", "free(void*, int)", true), ("**a**", "bab", true), ("a", "", false), ("*ab*ab*", "xabx", false),
    ])
    func examples(pattern: String, name: String, isMatch: Bool) throws {
        #expect(try #require(NamePattern(pattern)).matches(name) == isMatch)
    }

    /// The same as a matcher that tries every split of the name.
    @Test func agreesWithTryingEverything() throws {
        var generator = SeededGenerator(11)
        for _ in 0..<4000 {
            let pattern = (0...generator.below(6)).map { _ in ["a", "b", "*"][generator.below(3)] }.joined()
            let name = (0..<generator.below(9)).map { _ in ["a", "b"][generator.below(2)] }.joined()
            let isMatch = try #require(NamePattern(pattern)).matches(name)
            #expect(isMatch == Self.tries(Array(pattern), Array(name)), "\(pattern) \(name)")
        }
    }

    private static func tries(_ pattern: [Character], _ name: [Character]) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == "*" {
            return (0...name.count).contains { tries(Array(pattern.dropFirst()), Array(name.dropFirst($0))) }
        }
        return name.first == first && tries(Array(pattern.dropFirst()), Array(name.dropFirst()))
    }

    @Test func bounds() throws {
        #expect(NamePattern("") == nil)
        #expect(NamePattern(String(repeating: "x", count: NamePattern.longest + 1)) == nil)
        let long = String(repeating: "x", count: 5000) + "*"
        #expect(try #require(NamePattern(long)).matches(long))
        #expect(try !#require(NamePattern(long)).matches(long + "y"))
    }
}

@Suite struct ProfileFilterTests {
    private let library = ModuleInfo(kind: .elf, path: "/usr/lib/libz.so.1 (deleted)", buildID: "")
    private let name = FrameName.lines([
        SourceLine(function: "inner", systemName: "inner"), SourceLine(function: "outer", systemName: "outer"),
    ])

    @Test func framesByFunctionAndModule() {
        func passes(_ function: String?, _ module: String?, _ frame: FrameName? = nil) -> Bool {
            let filter = ProfileFilter(
                function: function.flatMap { NamePattern($0) }, module: module.flatMap { NamePattern($0) })
            return filter.matches(frame ?? name, address: 0x1f, module: library)
        }
        #expect(passes("inner", nil) && passes("outer", nil) && !passes("inn", nil))
        #expect(passes(nil, "libz.so.1") && passes(nil, "/usr/lib/*") && !passes(nil, "libz"))
        #expect(passes("inner", "libz*") && !passes("inner", "libc*") && !passes("x", "libz*"))
        #expect(passes("libz.so.1+0x1f", nil, .unnamed(.stripped)) && !passes("inner", nil, .unnamed(.stripped)))
    }

    @Test func contextsByThreadAndProcess() {
        let context = SampleContext(
            target: "t", process: ProcessKey(pid: 7, start: 1), tid: 8, thread: "pool-1", comm: "c")
        #expect(ProfileFilter.everything.matches(context))
        #expect(ProfileFilter(thread: NamePattern("pool-*"), pid: 7).matches(context))
        #expect(!ProfileFilter(thread: NamePattern("pool-2"), pid: 7).matches(context))
        #expect(!ProfileFilter(pid: 8).matches(context))
    }
}
