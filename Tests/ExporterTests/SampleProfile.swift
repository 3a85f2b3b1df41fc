import Model

/// A profile made by hand whose every number is known.
enum SampleProfile {
    static let start: Int64 = 1_790_000_000_000_000_000

    /// Five stacks of two targets: a recursion, an inlined call, a kernel part, frames without a name, hostile names.
    static func make() -> Profile {
        var truth = ProfileTruth()
        (truth.samples, truth.lost, truth.truncated, truth.completed, truth.broken, truth.unnamed) = (
            100, 3, 10, 5, 1, 10
        )
        return Profile(
            kind: .cpu, startTime: start, endTime: start + 10_000_000_000, period: 10_101_010, truth: truth,
            modules: modules, frames: frames, nodes: nodes, contexts: contexts, samples: samples)
    }

    private static let modules = [
        ModuleInfo(kind: .marker, path: "[marker]", buildID: ""),
        ModuleInfo(kind: .kernel, path: "[kernel]", buildID: ""),
        ModuleInfo(kind: .elf, path: "/srv/bin/worker", buildID: "00112233445566778899aabbccddeeff00112233"),
        ModuleInfo(kind: .elf, path: "/usr/lib/libstripped.so.1", buildID: "ffeeddccbbaa99887766554433221100ffeeddcc"),
        ModuleInfo(kind: .jit, path: "[jit]", buildID: ""),
        ModuleInfo(kind: .elf, path: "/tmp/</script><b>", buildID: ""),
    ]

    private static func named(_ module: Int32, _ address: UInt64, _ lines: SourceLine...) -> ProfileFrame {
        ProfileFrame(module: module, address: address, name: .lines(lines))
    }

    private static func line(_ name: String, _ mangled: String? = nil, _ number: Int32 = 0) -> SourceLine {
        SourceLine(
            function: name, systemName: mangled ?? name, file: number > 0 ? "/src/worker.cc" : "", line: number)
    }

    private static let frames = [
        named(2, 0x1040, line("main", nil, 10)),
        named(2, 0x1100, line("work(int)", "_Z4worki", 20)),
        named(2, 0x1180, line("fold", "_Z4foldv", 31), line("work(int)", "_Z4worki", 25)),
        named(1, 0xffff_ffff_8100_1000, line("do_syscall_64")),
        named(1, 0xffff_ffff_8120_0040, line("vfs_read")),
        ProfileFrame(module: 3, address: 0xabc, name: .unnamed(.stripped)),
        ProfileFrame(module: 0, address: Marker.truncated.rawValue, name: .unnamed(.noSymbol)),
        named(4, 0x7f00_0000_1000, line("script;</script><script>alert(1)</script>\"'\u{1}\u{2028}&")),
        named(5, 0x10, line("evil\nname]]>`${x}")),
        named(2, 0x1044, line("main", nil, 12)),
    ]

    private static let nodes = [
        StackNode.root,
        StackNode(parent: 0, frame: 0),  // 1 main
        StackNode(parent: 1, frame: 1),  // 2 main;work
        StackNode(parent: 2, frame: 1),  // 3 main;work;work
        StackNode(parent: 2, frame: 2),  // 4 main;work;work;fold (inlined)
        StackNode(parent: 1, frame: 3),  // 5 main;do_syscall_64
        StackNode(parent: 5, frame: 4),  // 6 main;do_syscall_64;vfs_read
        StackNode(parent: 0, frame: 6),  // 7 [truncated]
        StackNode(parent: 7, frame: 5),  // 8 [truncated];libstripped+0xabc
        StackNode(parent: 8, frame: 7),  // 9 [truncated];libstripped+0xabc;script
        StackNode(parent: 0, frame: 8),  // 10 evil
        StackNode(parent: 0, frame: 9),  // 11 main at another address
    ]

    private static func context(_ target: String, _ pid: Int32, _ thread: String) -> SampleContext {
        SampleContext(
            target: target, process: ProcessKey(pid: pid, start: 7), tid: pid + 1, thread: thread, comm: "worker",
            executable: "/srv/bin/worker", unit: target.hasSuffix(".service") ? target : "", runtime: "")
    }

    private static let contexts = [
        context("worker.service", 100, "pool-1"), context("worker.service", 100, "pool-2"),
        context("</title><script>alert(2)</script>", 200, "a\"b"),
    ]

    private static func sample(_ node: Int32, _ context: Int32, _ count: Int64) -> ProfileSample {
        ProfileSample(node: node, context: context, count: count, weight: Double(count) * 10_000_000)
    }

    private static let samples = [
        sample(3, 0, 20), sample(4, 0, 15), sample(4, 1, 5), sample(6, 0, 20), sample(8, 2, 10), sample(9, 2, 5),
        sample(10, 2, 5), sample(11, 1, 12), sample(2, 1, 8),
    ]
}
