import Foundation
import Testing

@Suite(.timeLimit(.minutes(2)))
struct FlameTests {
    let server: AnsweringServer
    let folder: TemporaryFolder
    init() throws {
        server = try AnsweringServer()
        folder = try TemporaryFolder()
    }

    func flame(_ arguments: String...) throws -> HearthProgram.Outcome {
        try HearthProgram.run(["flame"] + arguments + ["--server", server.address], folder: folder.path)
    }

    func content(_ name: String) throws -> String {
        try String(contentsOfFile: folder.path + "/" + name, encoding: .utf8)
    }

    @Test(arguments: [
        ("a.html", "html"), ("a.svg", "svg"), ("a.folded", "folded"), ("a.pb.gz", "pprof"),
        ("a.speedscope.json", "speedscope"),
    ])
    func endingChoosesTheFormat(name: String, format: String) throws {
        let outcome = try flame("unit:a b.service", "--last", "5m", "-o", name)
        #expect(outcome.status == 0)
        #expect(try content(name) == "/api/v1/profile?target=unit%3Aa%20b.service&kind=cpu&format=\(format)&last=5m")
        #expect(outcome.error.hasPrefix("wrote \(name) ("))
        #expect(folder.names == [name])
    }

    @Test func windows() throws {
        #expect(try flame("all", "--from", "-5m", "--to", "-1m", "-o", "a.svg").status == 0)
        #expect(try content("a.svg").hasSuffix("&from=-5m&to=-1m"))
        let outcome = try flame("all", "--seconds", "1", "-o", "b.svg")
        #expect(try content("b.svg").hasSuffix("&seconds=1"))
        // No terminal: one plain line, no bar.
        #expect(outcome.error.hasPrefix("recording all for 1 s…\nwrote b.svg"))
    }

    @Test func filters() throws {
        let outcome = try flame(
            "all", "--last", "5m", "-o", "a.svg", "--function", "f(void*)", "--thread", "w 1", "--pid", "7", "--module",
            "[kernel]")
        #expect(outcome.status == 0)
        #expect(
            try content("a.svg").hasSuffix(
                "&function=f%28void%2A%29&thread=w%201&pid=7&module=%5Bkernel%5D&last=5m"))
    }

    @Test func standardOutput() throws {
        let outcome = try flame("all", "--last", "1m", "-o", "-")
        #expect(outcome.out.contains("format=folded"))
        #expect(folder.names.isEmpty)
        #expect(try flame("all", "--last", "1m", "-o", "-", "--format", "svg").out.contains("format=svg"))
    }

    /// A bar on a terminal, gone when the file is there.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script")))
    func progressBar() throws {
        let file = folder.path + "/a.svg"
        let outcome = try HearthProgram.run(
            [
                "-qfec", "\(HearthProgram.path) flame all --seconds 2 -o \(file) --server \(server.address)",
                "/dev/null",
            ],
            environment: ["TERM": "xterm"], program: "/usr/bin/script")
        #expect(outcome.status == 0)
        #expect(outcome.out.contains("recording all  [..............................]  0/2 s"))
        #expect(outcome.out.contains("]  1/2 s"))
        #expect(outcome.out.contains("\r\u{1B}[Kwrote"))
    }

    /// An old file is replaced as a whole, keeps its mode; a link stays one.
    @Test func replacement() throws {
        let old = folder.path + "/old.svg"
        try Data("old".utf8).write(to: URL(filePath: old))
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: old)
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/link.svg", withDestinationPath: "old.svg")
        #expect(try flame("all", "--last", "1m", "-o", "link.svg").status == 0)
        #expect(try content("old.svg").contains("format=svg"))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/link.svg") == "old.svg")
        let mode = try FileManager.default.attributesOfItem(atPath: old)[.posixPermissions] as? Int
        #expect(mode == 0o640)
    }

    /// A failed request leaves the old file alone.
    @Test func failureLeavesTheOldFile() throws {
        try Data("old".utf8).write(to: URL(filePath: folder.path + "/a.svg"))
        #expect(try flame("status-404", "--last", "1m", "-o", "a.svg").status == 1)
        #expect(try content("a.svg") == "old")
    }

    @Test func unwritableFolderIsSaidAtOnce() throws {
        let outcome = try flame("all", "--seconds", "3600", "-o", "/nonexistent/a.svg")
        #expect(outcome.status == 5)
        #expect(outcome.error.contains("/nonexistent: No such file or directory"))
    }

    /// A real file system that is full: a clear word, status 5, nothing left behind, the old file whole.
    @Test(.enabled(if: getuid() == 0)) func fullDisk() throws {
        func tool(_ name: String, _ arguments: String...) throws -> Int32 {
            try HearthProgram.run(arguments, program: "/usr/bin/" + name).status
        }
        let disk = folder.path + "/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        try #require(try tool("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk) == 0)
        defer { _ = try? tool("umount", disk) }
        try Data("old".utf8).write(to: URL(filePath: disk + "/a.svg"))
        let outcome = try flame("big-1000000", "--last", "1m", "-o", disk + "/a.svg")
        #expect(outcome.status == 5)
        #expect(outcome.error.contains("the disk is full") && outcome.error.contains("977 KiB are needed"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == ["a.svg"])
        #expect(try content("disk/a.svg") == "old")
        let output = try HearthProgram.run(
            ["-c", "\(HearthProgram.path) flame big-1000 --last 1m -o - --server \(server.address) > /dev/full"],
            program: "/bin/sh")
        #expect(output.status == 5)
        #expect(output.error.contains("No space left on device"))
    }
}
