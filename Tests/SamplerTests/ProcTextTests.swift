import Glibc
import Platform
import TestKit
import Testing

@testable import Sampler

struct ProcTextTests {
    private static let statTail =
        "S 1 42 42 0 -1 4194560 100 0 0 0 7 3 0 0 20 0 5 0 123456 1000000 250 18446744073709551615 1 1 0 0 0 0 0"

    /// Names of processes are chosen by them.
    @Test(arguments: [
        "nginx", "a b", "(sd-pam)", ") R 999 (", "", "x\ny", "tmux: server", ")))", "((", "🔥", " 1 2 3 4 5",
    ])
    func statNames(_ name: String) throws {
        let stat = try #require(ProcStat(Array("42 (\(name)) \(Self.statTail)\n".utf8)))
        #expect(stat.name == name)
        #expect(stat.parent == 1)
        #expect(stat.startTime == 123456)
        #expect(stat.residentPages == 250)
        #expect(!stat.isKernelThread)
    }

    @Test func kernelThread() throws {
        let tail = Self.statTail.split(separator: " ").enumerated().map { $0 == 6 ? "69238880" : String($1) }
        let stat = try #require(ProcStat(Array("2 (kthreadd) \(tail.joined(separator: " "))".utf8)))
        #expect(stat.isKernelThread)
    }

    @Test(arguments: ["", "42", "42 (x", "42 x)", ")(", "42 (x)", "42 (x) S", "42 (x) S a b c"])
    func statRefused(_ text: String) { #expect(ProcStat(Array(text.utf8)) == nil) }

    /// This process, beside what its own calls say.
    @Test func own() throws {
        let stat = try #require(ProcStat(ProcFile.read("/proc/self/stat")))
        #expect(stat.parent == getppid())
        let status = try #require(ProcStatus(ProcFile.read("/proc/self/status")))
        #expect(status.user == geteuid())
        let lines = ProcMapsLine.lines(in: try ProcFile.read("/proc/self/maps"))
        let libc = try #require(lines.first { $0.isExecutable && $0.path.hasSuffix("/libc.so.6") })
        #expect(libc.inode == UInt64(try FileDescriptor.open(libc.path).status().st_ino))
        #expect(ProcMapsLine.executableLines(in: try ProcFile.read("/proc/self/maps")).contains(libc))
    }

    @Test func status() {
        let text = "Name:\tUid:\t9\t9\nUmask:\t0022\nNSpid:\t4711\t12\nUid:\t1000\t33\t1000\t1000\n"
        let status = ProcStatus(Array(text.utf8))
        #expect(status?.user == 33)
        #expect(status?.namespacePid == 12)
        #expect(ProcStatus(Array("Name:\tx\nUid:\t0\t0\t0\t0\n".utf8)) == nil)
        #expect(ProcStatus([]) == nil)
    }

    @Test func mapsLine() throws {
        let text = "7f00a000-7f00b000 r-xp 0001f000 fd:01 131 \t\n"
        let line = try #require(
            ProcMapsLine.lines(
                in: Array("7f00a000-7f00b000 r-xp 0001f000 fd:01 131     /a b/c (deleted)\n\n\(text)".utf8)
            ).first)
        #expect(line.range == 0x7f00_a000..<0x7f00_b000)
        #expect(line.isExecutable)
        #expect(line.fileOffset == 0x1f000)
        #expect(line.device == 0xfd << 32 | 1)
        #expect(line.inode == 131)
        #expect(line.path == "/a b/c (deleted)")
    }

    @Test func onlyExecutableLines() {
        let text = """
            1000-2000 rw-p 00000000 00:00 0
            2000-3000 r-xp 00000000 00:00 0
            3000-4000 --xp 00000000 00:00 0 /x
            4000-4000 r-xp 00000000 00:00 0
            5000-4000 r-xp 00000000 00:00 0
            """
        let found = ProcMapsLine.executableLines(in: Array(text.utf8))
        #expect(found.map(\.range.lowerBound) == [0x2000, 0x3000])
        #expect(found == ProcMapsLine.lines(in: Array(text.utf8)).filter(\.isExecutable))
    }

    @Test(arguments: [
        "", "-", "1000", "1000-2000", "1000-2000 r-xp", "g000-2000 r-xp 0 0:0 0", "1000-2000 rx 0 0:0 0",
        "1000-2000 r-xp 0 0:0 ", "1000-2000 r-xp 0 00 0", "11112222333344445-2 r-xp 0 0:0 0",
    ])
    func mapsLineRefused(_ text: String) { #expect(ProcMapsLine(Array(text.utf8)[...]) == nil) }

    /// Changed bytes are read or refused, never a trap, and ranges stay ranges.
    @Test func mutations() throws {
        let maps = Array(try ProcFile.read("/proc/self/maps").prefix(2000))
        let status = try ProcFile.read("/proc/self/status")
        let stat = try ProcFile.read("/proc/self/stat")
        for seed in 0..<3000 as Range<UInt64> {
            var generator = SeededGenerator(seed)
            let text = generator.mutated(maps)
            let executable = ProcMapsLine.executableLines(in: text)
            #expect(executable == ProcMapsLine.lines(in: text).filter { executable.contains($0) })
            _ = ProcStatus(generator.mutated(status))
            _ = ProcStat(generator.mutated(stat))
        }
    }
}
