import Analysis
import Model
import Testing

/// A profile of one module out of stacks written as root-first names.
func profile(_ stacks: [(stack: [String], count: Int64)], kind: ModuleKind = .elf) -> Profile {
    var profile = Profile(kind: .cpu, startTime: 0, endTime: 1_000_000_000, period: 1)
    profile.modules = [ModuleInfo(kind: kind, path: "/bin/app", buildID: "")]
    profile.contexts = [
        SampleContext(target: "app", process: ProcessKey(pid: 1, start: 1), tid: 1, thread: "t", comm: "app")
    ]
    var frames: [String: Int32] = [:]
    for (stack, count) in stacks {
        var node: Int32 = 0
        for name in stack {
            if frames[name] == nil {
                frames[name] = Int32(profile.frames.count)
                let lines = name.split(separator: "|").map { SourceLine(function: String($0), systemName: String($0)) }
                profile.frames.append(
                    ProfileFrame(module: 0, address: UInt64(profile.frames.count), name: .lines(lines)))
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
        let hot = HotPaths.functions(
            of: profile([(["main", "r", "x", "r", "r"], 5), (["main", "r"], 1)]), by: .byTotal)
        #expect(hot.map(\.function.name) == ["r", "main", "x"])
        #expect(hot.map(\.totalCount) == [6, 6, 5])
        #expect(hot.map(\.selfCount) == [6, 0, 0])
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
        let paths = HotPaths.paths(
            of: profile([(["main", "a", "b"], 3), (["main", "c"], 4), (["main", "a", "b"], 2)]))
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

@Suite struct FlameTreeTests {
    private func names(_ tree: FlameTree) -> [String] {
        tree.nodes.map { "\($0.depth) \(tree.functions[Int($0.function)].name) \($0.count)/\($0.selfCount)" }
    }

    @Test func mergesByFunctionInDepthFirstOrder() {
        let tree = FlameTree(
            profile([(["main", "b"], 3), (["main", "a", "x"], 1), (["main", "a"], 2), (["start"], 4)]),
            levels: [.target])
        #expect(
            names(tree) == [
                "0 all 10/0", "1 app 10/0", "2 main 6/0", "3 a 3/2", "4 x 1/1", "3 b 3/3", "2 start 4/4",
            ])
        #expect(tree.droppedNodes == 0)
        #expect(tree.minimumShare == 0)
    }

    @Test func childrenByWeight() {
        let tree = FlameTree(profile([(["a"], 1), (["b"], 5), (["c"], 3)]), levels: [], order: .weight)
        #expect(names(tree) == ["0 all 9/0", "1 b 5/5", "1 c 3/3", "1 a 1/1"])
    }

    @Test func inlinedCallsBecomeFrames() {
        let tree = FlameTree(profile([(["main", "inner|outer"], 2)]), levels: [])
        #expect(names(tree) == ["0 all 2/0", "1 main 2/0", "2 outer 2/0", "3 inner 2/2"])
        #expect(tree.nodes.map(\.inlined) == [false, false, false, true])
    }

    @Test func theHeaviestNodesStayWithTheirParents() {
        let stacks = (0..<100).map { (stack: ["main", "f\($0)", "leaf\($0)"], count: Int64($0 + 1)) }
        let tree = FlameTree(profile(stacks), levels: [], maximumNodes: 12)
        #expect(tree.nodes.count == 12)
        #expect(tree.droppedNodes == 202 - 12)
        #expect(tree.nodes[0].count == 5050)
        #expect(tree.nodes[1].count == 5050, "weight of what is left out stays in the callers")
        #expect(tree.minimumShare == 95.0 / 5050)
        for node in tree.nodes.dropFirst() { #expect(tree.nodes[Int(node.parent)].depth == node.depth - 1) }
    }

    @Test func unnamedFramesShowModuleAndOffset() {
        var unnamed = profile([(["main", "x"], 1)])
        unnamed.modules[0].path = "/lib/libz.so.1 (deleted)"
        unnamed.frames[1] = ProfileFrame(module: 0, address: 0x1f2e, name: .unnamed(.stripped))
        #expect(FunctionTable(unnamed).functions.map(\.name) == ["main", "libz.so.1+0x1f2e"])
        unnamed.frames[1] = ProfileFrame(module: 99, address: 0x10, name: .unnamed(.noMapping))
        #expect(FunctionTable(unnamed).functions[1] == Function(name: "[unknown]+0x10", module: "", kind: .unknown))
    }

    @Test func kindsOfModulesAreKept() {
        for (kind, expected) in [(ModuleKind.kernel, FunctionKind.kernel), (.jit, .jit), (.vdso, .native)] {
            #expect(FunctionTable(profile([(["f"], 1)], kind: kind)).functions[0].kind == expected)
        }
    }

    @Test func sumsHoldForAnyProfile() {
        for seed in 0..<50 as Range<UInt64> {
            var random = SplitMix(state: seed)
            let stacks = (0..<200).map { _ in
                (stack: (0...random.below(12)).map { _ in "f\(random.below(9))" }, count: Int64(1 + random.below(5)))
            }
            let source = profile(stacks)
            let total = stacks.reduce(0) { $0 + $1.count }
            let tree = FlameTree(source, levels: [.target, .process, .thread])
            #expect(tree.nodes[0].count == total)
            #expect(tree.nodes.reduce(0) { $0 + $1.selfCount } == total)
            let hot = HotPaths.functions(of: source)
            #expect(hot.reduce(0) { $0 + $1.selfCount } == total)
            for row in hot {
                let truth = stacks.reduce(0) { $0 + ($1.stack.contains(row.function.name) ? $1.count : 0) }
                #expect(row.totalCount == truth)
            }
        }
    }
}

/// Numbers that come again with their seed (Steele et al., "Fast Splittable Pseudorandom Number Generators").
struct SplitMix {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((value ^ (value >> 31)) % UInt64(limit))
    }
}
