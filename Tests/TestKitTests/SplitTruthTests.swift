import TestKit
import Testing

/// The programs' truth, verified without Hearth.
@Suite struct SplitTruthTests {
    @Test("CPU clocks around large blocks show the promised shares", arguments: KnownProgram.all)
    func selfCheck(_ program: KnownProgram) throws {
        guard let built = try program.builtOrSkipped() else { return }
        let result = try Command.run(built.path, ["--self-check"])
        let line = try #require(result.output.split(separator: "\n").first { $0.hasPrefix("check ") })
        let times = try ["work_a", "work_b", "work_c"].map { try #require(RunningProgram.value($0, in: String(line))) }
        let sum = times.reduce(0, +)
        #expect(abs(times[0] / sum - 0.50) < 0.01, "\(line)")
        #expect(abs(times[1] / sum - 0.35) < 0.01, "\(line)")
        #expect(abs(times[2] / sum - 0.15) < 0.01, "\(line)")
    }

    @Test("callgrind counts instructions of the functions as 50 : 35 : 15")
    func instructionCounts() throws {
        guard let built = try KnownProgram.plainC.builtOrSkipped() else { return }
        let counts = try instructions(built, ["--entries", "2", "--depth", "3"])
        let total = Double(counts.values.reduce(0, +))
        for (name, share) in built.truth {
            let counted = try #require(counts[name], "\(counts)")
            #expect(abs(Double(counted) / total - share) < 0.0001, "\(name): \(counted) of \(total)")
        }
    }

    @Test("functions keep their names, apart from each other", arguments: KnownProgram.all)
    func names(_ program: KnownProgram) throws {
        guard program != .goStripped, let built = try program.builtOrSkipped() else { return }
        let symbols = try Command.output("nm", ["-C", built.symbolsPath]).split(separator: "\n").map { line in
            line.split(separator: " ", maxSplits: 2).last.map(String.init) ?? ""
        }
        for name in ["work_a", "work_b", "work_c"] {
            let plain = symbols.filter { program.isName($0, of: name) }
            let mangled = symbols.filter { $0.hasPrefix("$s5split6\(name)") }
            #expect(plain.count == 1 || mangled.count == 1, "\(plain) \(mangled)")
        }
    }

    @Test("stripped programs have names only where promised", arguments: [KnownProgram.debugLink, .miniDebug, .bare])
    func stripped(_ program: KnownProgram) throws {
        guard let built = try program.builtOrSkipped() else { return }
        #expect(try Command.output("nm", [built.path]).isEmpty)
        #expect(try built.symbols()["work_a"] != nil)
        let sections = try Command.output("readelf", ["-SW", built.path])
        #expect(sections.contains(".gnu_debuglink") == (program == .debugLink))
        #expect(sections.contains(".gnu_debugdata") == (program == .miniDebug))
        guard program == .miniDebug else { return }
        let folder = try TemporaryDirectory()
        let packed = folder.appending("mini.xz")
        _ = try Command.output("objcopy", ["--dump-section", ".gnu_debugdata=\(packed)", built.path, "/dev/null"])
        _ = try Command.output("xz", ["-d", packed])
        #expect(try Command.output("nm", [folder.appending("mini")]).contains(" T work_a\n"))
    }

    @Test("the CPU time is the one asked for, and the kernel accounts the same")
    func accounting() throws {
        guard let built = try KnownProgram.plainC.builtOrSkipped() else { return }
        let running = try built.start(["--seconds", "0.4", "--threads", "2", "--wait"])
        let before = try KernelAccounting.runNanoseconds(of: running.pid)
        #expect(try KernelAccounting.threads(of: running.pid).count == 2)
        running.begin()
        let line = try #require(try running.nextLine())
        // Not reaped yet, so the kernel still has its account.
        let ticks = Double(try KernelAccounting.tickNanoseconds(of: running.pid))
        let spent = try #require(RunningProgram.value("cpu_ns", in: line))
        #expect(before < 50_000_000)
        #expect(spent > 0.8e9 && spent < 1.0e9)
        #expect(abs(ticks - spent) < 30e6, "\(ticks) \(spent)")
        #expect(try running.waitForEnd().status == 0)
    }

    @Test("a loop in lockstep takes its period of CPU")
    func lockstep() throws {
        guard let built = try KnownProgram.plainC.builtOrSkipped() else { return }
        let counts = try Command.run(built.path, ["--entries", "1", "--period-ns", "3367003"])
        // One entry is six loops: the first count at or over 20 ms.
        let spent = try #require(
            counts.output.split(separator: "\n").last.flatMap { RunningProgram.value("cpu_ns", in: String($0)) })
        #expect(counts.status == 0)
        #expect(spent > 6 * 3_367_003 && spent < 6 * 3_367_003 + 60_000_000)
    }

    @Test("short-lived children burn what they should, under names of their own")
    func shortLived() throws {
        guard let built = try KnownProgram.shortLived.builtOrSkipped() else { return }
        let folder = try TemporaryDirectory()
        for mode in [["--dir", folder.path], ["--fork"]] {
            let result = try Command.run(built.path, ["--children", "3"] + mode)
            let children = result.output.split(separator: "\n").filter { $0.hasPrefix("child ") }
            #expect(children.map { $0.split(separator: " ")[1] } == ["short-000", "short-001", "short-002"])
            for line in children {
                let spent = try #require(RunningProgram.value("cpu_ns", in: String(line)))
                #expect(spent >= 49e6 && spent < 75e6, "\(line)")
            }
        }
    }

    private func instructions(_ built: BuiltProgram, _ arguments: [String]) throws -> [String: Int] {
        let folder = try TemporaryDirectory()
        let file = folder.appending("counts")
        _ = try Command.output(
            "valgrind", ["--tool=callgrind", "--callgrind-out-file=\(file)", built.path] + arguments, limit: 300)
        let listing = try Command.output("callgrind_annotate", ["--threshold=100", file])
        var counts: [String: Int] = [:]
        for line in listing.split(separator: "\n") {
            guard let name = ["work_a", "work_b", "work_c"].first(where: { line.contains(":\($0) ") }) else { continue }
            counts[name] = Int(line.split(separator: " ")[0].filter { $0 != "," })
        }
        return counts
    }
}
