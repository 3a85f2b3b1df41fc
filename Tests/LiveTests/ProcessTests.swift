import Foundation
import Glibc
import TestKit
import Testing

extension LiveSuites {
    /// Processes that come, go, change and hide, seen by the real daemon.
    @Suite(.serialized) struct ProcessTests {
        /// One daemon for all that need no rate of their own.
        private static let shared = Result {
            let daemon = try TrialDaemon(hertz: 499)
            try daemon.awaitReady()
            return daemon
        }

        private let start = Date()

        @Test("children of 50 ms have their names, and their stacks too", arguments: [false, true])
        func shortLived(_ onlyFork: Bool) throws {
            guard let built = try KnownProgram.shortLived.builtOrSkipped() else { return }
            let daemon = try TrialDaemon(hertz: 99)
            try daemon.awaitReady()
            let folder = try TemporaryDirectory()
            let mode = onlyFork ? ["--fork"] : ["--dir", folder.path]
            let (status, lines) = try built.start(mode + ["--children", "60", "--milliseconds", "50"]).waitForEnd()
            #expect(status == 0)
            let names = lines.filter { $0.hasPrefix("child ") }.map { String($0.split(separator: " ")[1]) }
            #expect(names.count == 60)
            // A child is missed with exp(-0.05 s * 99 Hz) = 0.7 % at most: 0.4 of 60; more than 3 are 1 in 1000 runs.
            let stacks = try daemon.folded("all", since: start).stacks.filter { $0.frames.count > 1 }
            let seen = Set(stacks.map { $0.frames[1] }).intersection(names)
            #expect(seen.count >= 57, "\(seen.count) of 60: \(seen.sorted())")
            let own = stacks.filter { seen.contains($0.frames[1]) }
            let all = own.reduce(0) { $0 + $1.weight }
            let named = own.filter { !$0.hasUnnamed }.reduce(0) { $0 + $1.weight }
            let working = own.filter { $0.frames.contains("short_work") }.reduce(0) { $0 + $1.weight }
            #expect(all > 200, "60 * 50 ms * 99 Hz = 297 samples: \(all)")
            #expect(named >= 0.95 * all, "\(named) of \(all): \(own.filter(\.hasUnnamed).prefix(3))")
            #expect(working >= 0.85 * all, "the rest is fork, exec and the dynamic linker: \(working) of \(all)")
            guard !onlyFork else { return }
            let known = try daemon.sampled(seen.map { "exe:\($0)" }, since: start)
            #expect(Double(known.count) >= 0.95 * Double(seen.count), "executables of \(known.count) of \(seen.count)")
        }

        @Test("threads carry their own names and numbers")
        func threads() throws {
            guard let built = try KnownProgram.change.builtOrSkipped() else { return }
            let daemon = try Self.shared.get()
            let running = try built.start(["threads", "1"])
            let (_, lines) = try running.waitForEnd()
            let stacks = try daemon.folded("pid:\(running.pid)", since: start, options: "&threads=1").stacks
            for (thread, function) in [("busy-one", "work_one"), ("busy-two", "work_two")] {
                let own = stacks.filter { $0.frames.first == thread }
                #expect(own.contains { $0.frames.contains(function) }, "\(stacks)")
                #expect(stacks.allSatisfy { $0.frames.first == thread || !$0.frames.contains(function) })
            }
            guard case .success(let go) = ExternalTool.find("go") else { return print("skipped: go is not installed") }
            let folder = try TemporaryDirectory()
            let file = folder.appending("p.pb.gz")
            try daemon.download("pid:\(running.pid)", since: start, to: file)
            let raw = try Command.run(go, ["tool", "pprof", "-raw", file]).output
            let numbers = lines.compactMap { RunningProgram.value("tid", in: $0) }.map { Int($0) }
            #expect(numbers.count == 2)
            for number in numbers { #expect(raw.contains("tid:[\(number)]"), "\(number)") }
        }

        @Test("exec makes another program of a process")
        func exec() throws {
            guard let built = try KnownProgram.change.builtOrSkipped() else { return }
            let daemon = try Self.shared.get()
            let after = try Copy(of: built, as: "after-exec")
            let running = try built.start(["exec", "0.7", after.path, "once", "0.7"])
            _ = try running.waitForEnd()
            let stacks = try daemon.folded("pid:\(running.pid)", since: start).stacks
            let weight = { (name: String, function: String) in
                stacks.filter { $0.frames.first == name && $0.frames.contains(function) }.reduce(0) { $0 + $1.weight }
            }
            #expect(weight("change", "before_exec") > 100 && weight("after-exec", "work_one") > 100, "\(stacks)")
            #expect(weight("change", "work_one") == 0 && weight("after-exec", "before_exec") == 0, "\(stacks)")
            let executable = try daemon.folded("exe:after-exec", since: start)
            #expect(executable.share(of: "work_one") > 0.95, "\(executable.stacks)")
        }

        @Test("a program in namespaces of its own, from a file system of its own, has its names")
        func namespaces() throws {
            guard getuid() == 0, let built = try KnownProgram.change.builtOrSkipped() else { return }
            let daemon = try Self.shared.get()
            let folder = try TemporaryDirectory()
            let script = """
                mount -t tmpfs none "$1" && cp "$2" "$1/hidden-work" || exit 99
                "$1/hidden-work" once 1; exit $?
                """
            let result = try Command.run(
                "/usr/bin/unshare", ["-m", "-p", "-f", "/bin/sh", "-c", script, "sh", folder.path, built.path])
            #expect(result.status == 0 && result.output.contains("done"), "\(result)")
            let folded = try daemon.folded("exe:hidden-work", since: start)
            #expect(folded.share(of: "work_one") > 0.95, "\(folded.stacks)")
        }

        @Test("a program that was deleted or replaced while it ran keeps its names", arguments: ["delete", "rename"])
        func gone(_ way: String) throws {
            guard let built = try KnownProgram.change.builtOrSkipped(),
                let wrong = try KnownProgram.changeWrong.builtOrSkipped()
            else { return }
            let daemon = try Self.shared.get()
            let copy = try Copy(of: built, as: "doomed-\(way)")
            let other = try Copy(of: wrong, as: "other")
            let running = try RunningProgram(copy.path, ["once", "1.5"])
            if way == "delete" { _ = unsafe unlink(copy.path) } else { _ = unsafe rename(other.path, copy.path) }
            _ = try running.waitForEnd()
            let folded = try daemon.folded("pid:\(running.pid)", since: start)
            #expect(folded.share(of: "work_one") > 0.95, "\(folded.stacks)")
            #expect(!folded.contains("wrong"), "\(folded.stacks)")
        }

        @Test("a shared object that was overwritten gives no names rather than wrong ones")
        func overwritten() throws {
            guard let built = try KnownProgram.plainC.builtOrSkipped() else { return }
            let daemon = try Self.shared.get()
            let folder = try TemporaryDirectory()
            let renames = ["plugin_rounds", "work_a", "work_b", "work_c"].map { "-D\($0)=wrong_\($0)" }
            let plugin = try Self.compilePlugin([], into: folder.appending("plugin.so"))
            // The program finds its entry by name before the file changes.
            let wrong = try Self.compilePlugin(renames, into: folder.appending("wrong.so"))
            let running = try built.start(["--seconds", "1.5", "--depth", "2", "--dlopen", plugin, "--wait"])
            _ = try Command.output("dd", ["if=\(wrong)", "of=\(plugin)", "conv=notrunc"])
            let before = try daemon.unnamed("file_replaced")
            running.begin()
            _ = try running.waitForEnd()
            let folded = try daemon.folded("pid:\(running.pid)", since: start)
            #expect(!folded.stacks.isEmpty && !folded.contains("wrong"), "\(folded.stacks.prefix(5))")
            #expect(try daemon.unnamed("file_replaced") > before, "\(folded.stacks.prefix(5))")
        }

        private static func compilePlugin(_ flags: [String], into file: String) throws -> String {
            let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            let source = tests.appendingPathComponent("Programs/c/plugin.c").path
            _ = try Command.output(
                "gcc",
                flags + ["-O2", "-fomit-frame-pointer", "-fPIC", "-shared", "-Wl,--build-id", source, "-o", file])
            return file
        }

        @Test("a flood of processes leaves it healthy, and nothing is lost")
        func flood() throws {
            let daemon = try Self.shared.get()
            let lost = try #require(try daemon.metric("hearth_samples_lost_total"))
            let script = "n=0; while /bin/true; do n=$((n+1)); [ $n -lt 4000 ] || exit 0; done; exit 1"
            let result = try Command.run("/bin/sh", ["-c", script], limit: 60)
            #expect(result.status == 0)
            let folded = try daemon.folded("exe:true", since: start)
            #expect(!folded.stacks.isEmpty, "some of 4000 were met")
            #expect(try daemon.metric("hearth_samples_lost_total") == lost)
            #expect(try daemon.get("/healthz").status == 200 && daemon.get("/readyz").status == 200)
        }
    }
}

/// A copy of a program under a name of its own.
private struct Copy {
    private let folder: TemporaryDirectory
    let path: String

    init(of program: BuiltProgram, as name: String) throws {
        folder = try TemporaryDirectory()
        path = folder.appending(name)
        _ = try Command.output("cp", [program.path, path])
    }
}
