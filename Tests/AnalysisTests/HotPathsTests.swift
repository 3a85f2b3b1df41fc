import Analysis
import Model
import Testing

/// A profile of one module out of stacks written as root-first names.
func profile(_ stacks: [(stack: [String], count: Int64)], kind: ModuleKind = .elf) -> Profile {
    var profile = Profile(kind: .cpu, startTime: 0, endTime: 1_000_000_000, period: 1)
    profile.modules = [ModuleInfo(kind: kind, path: "/bin/app", buildID: "")]
    profile.contexts = [SampleContext(target: "app", process: ProcessKey(pid: 1, start: 1), tid: 1, thread: "t", comm: "app")]
    var frames: [String: Int32] = [:]
    for (stack, count) in stacks {
        var node: Int32 = 0
        for name in stack {
            if frames[name] == nil {
                frames[name] = Int32(profile.frames.count)
                let lines = name.split(separator: "|").map { SourceLine(function: String($0), systemName: String($0)) }
                profile.frames.append(ProfileFrame(module: 0, address: UInt64(profile.frames.count), name: .lines(lines)))
            }
            profile.nodes.append(StackNode(parent: node, frame: frames[name] ?? 0))
            node = Int32(profile.nodes.count - 1)
        }
        profile.samples.append(ProfileSample(node: node, context: 0, count: count, weight: Double(count) * 2))
        profile.truth.samples += count
    }
    return profile
}

@Suite struct HotPathsTests {
    @Test func selfAndTotalOfEachFunction() {
        let hot = HotPaths.functions(of: profile([(["main", "a", "b"], 3), (["main", "a"], 2), (["main", "c"], 4)]))
        #expect(hot.map(\.function.name) == ["c", "b", "a", "main"])
        #expect(hot.map(\.selfCount) == [4, 3, 2, 0])
        #expect(hot.map(\.totalCount) == [4, 3, 5, 9])
        #expect(hot.map(\.totalWeight) == [8, 6, 10, 18])
    }

    @Test func recursionCountsOnceInTheTotal() {
        let hot = HotPaths.functions(of: profile([(["main", "r", "x", "r", "r"], 5), (["main", "r"], 1)]), by: .byTotal)
        #expect(hot.map(\.function.name) == ["main", "r", "x"])
        #expect(hot[1].totalCount == 6)
        #expect(hot[1].selfCount == 6)
    }

    @Test func inlinedFunctionsAreFunctions() {
        let hot = HotPaths.functions(of: profile([(["main", "inner|outer"], 7)]))
        #expect(hot[0].function.name == "inner")
        #expect(hot[0].selfCount == 7)
        let outer = hot.first { $0.function.name == "outer" }
        #expect(outer?.selfCount == 0)
        #expect(outer?.totalCount == 7)
    }

    @Test func hottestPathsAreLeafFirst() {
        let paths = HotPaths.paths(of: profile([(["main", "a", "b"], 3), (["main", "c"], 4), (["main", "a", "b"], 2)]))
        #expect(paths.map { $0.functions.map(\.name) } == [["b", "a", "main"], ["c", "main"]])
        #expect(paths.map(\.count) == [5, 4])
    }

    @Test func anEmptyProfileHasNothingHot() {
        let empty = Profile(kind: .cpu, startTime: 0, endTime: 0, period: 0)
        #expect(HotPaths.functions(of: empty).isEmpty)
        #expect(HotPaths.paths(of: empty).isEmpty)
        #expect(FlameTree(empty, levels: [.target]).nodes.count == 1)
    }

    @Test func theLimitCuts() {
        #expect(HotPaths.functions(of: profile([(["a"], 1), (["b"], 2)]), limit: 1).map(\.function.name) == ["b"])
    }
}
