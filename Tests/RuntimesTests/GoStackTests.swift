import Binary
import Platform
import Runtimes
import TestKit
import Testing

/// A stack of a running Go program, walked with nothing but its pc-line table.
@Suite struct GoStackTests {
    @Test("the walk from a stopped program's registers to the end of its stack meets the promised frames")
    func walk() throws {
        guard let built = try KnownProgram.go.builtOrSkipped() else { return }
        let running = try built.start(["--seconds", "60", "--depth", "30"])
        let image = try ElfImage(file: try FileDescriptor.open(built.path), number: 1, cache: BlockCache())
        let table = try #require(PclnTab(image: image))
        let stopped = try stopInWork(running.pid)
        let names = walk(stopped, table)
        let chain = Array(built.program.chain(depth: 30).reversed()).map { "main.\($0)" }
        #expect(names.first?.hasPrefix("main.work_") == true, "\(names)")
        #expect(Array(names.dropFirst()) == chain + ["main.main", "runtime.main", "runtime.goexit"])
    }

    private struct Stopped {
        var pc: UInt64, sp: UInt64
        var stack: [UInt8]
    }

    /// Names from the innermost function to the one where stacks end; the table says how large each frame is.
    private func walk(_ stopped: Stopped, _ table: PclnTab) -> [String] {
        var names: [String] = []
        var pc = stopped.pc, sp = stopped.sp
        while names.count < 100, let function = table.function(at: names.isEmpty ? pc : pc - 1) {
            names.append(table.name(of: function) ?? "?")
            guard !function.isTopFrame, let delta = table.stackDelta(at: names.count == 1 ? pc : pc - 1, in: function)
            else { break }
            let slot = Int(sp - stopped.sp) + delta
            guard slot + 8 <= stopped.stack.count else { break }
            pc = stopped.stack[slot..<slot + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            sp += UInt64(delta) + 8
        }
        return names
    }

    /// Program counter, stack pointer and the stack's bytes as gdb reads them, at a moment when the work runs.
    private func stopInWork(_ pid: Int32) throws -> Stopped {
        let folder = try TemporaryDirectory()
        let file = folder.appending("stack")
        for _ in 0..<10 {
            let listing = try Command.output(
                "gdb",
                ["-nx", "-batch", "-iex", "set debuginfod enabled off", "-p", "\(pid)"]
                    + ["-ex", "info registers rip rsp", "-ex", "dump binary memory \(file) $sp $sp+16384"])
            let lines = listing.split(separator: "\n").map { $0.split(separator: " ") }
            guard listing.contains("<main.work_"), let pc = register("rip", lines), let sp = register("rsp", lines)
            else { continue }
            return Stopped(pc: pc, sp: sp, stack: try FileDescriptor.open(file).readAll())
        }
        throw CommandFailure(description: "gdb never saw pid \(pid) in its work")
    }

    private func register(_ name: String, _ lines: [[Substring]]) -> UInt64? {
        lines.first { $0.first == name[...] && $0.count > 1 }.flatMap { UInt64($0[1].dropFirst(2), radix: 16) }
    }
}
