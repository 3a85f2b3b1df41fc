import Foundation
import Testing

@Suite(.timeLimit(.minutes(2)))
struct ConnectionTests {
    @Test func nobodyListens() throws {
        for server in ["http://127.0.0.1:1", "127.0.0.1:1", "unix:/nonexistent/hearth.sock"] {
            let outcome = try HearthProgram.run(["targets", "--server", server])
            #expect(outcome.status == 3)
            #expect(outcome.error.contains("cannot reach hearthd") && outcome.error.contains("HEARTH_SERVER"))
        }
    }

    @Test func unixSocketAndEnvironment() throws {
        let folder = try TemporaryFolder()
        let server = try AnsweringServer(socket: folder.path + "/h.sock")
        #expect(try HearthProgram.run(["targets", "--server", server.address]).status == 0)
        let outcome = try HearthProgram.run(["targets"], environment: ["HEARTH_SERVER": server.address])
        #expect(outcome.out.contains("web.service"))
        // What is said on the command line wins.
        let other = try HearthProgram.run(
            ["targets", "--server", "http://127.0.0.1:1"], environment: ["HEARTH_SERVER": server.address])
        #expect(other.status == 3)
    }

    /// A socket that this user may not open: not permitted is 3, and the group is named.
    @Test(.enabled(if: getuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")))
    func socketOfAnotherUser() throws {
        let folder = try TemporaryFolder()
        let server = try AnsweringServer(socket: folder.path + "/h.sock")
        try FileManager.default.setAttributes([.posixPermissions: 0o660], ofItemAtPath: folder.path + "/h.sock")
        let copy = folder.path + "/hearth"
        try FileManager.default.copyItem(atPath: HearthProgram.path, toPath: copy)
        let outcome = try HearthProgram.run(
            ["--reuid=65534", "--regid=65534", "--clear-groups", copy, "targets", "--server", server.address],
            program: "/usr/bin/setpriv")
        #expect(outcome.status == 3)
        #expect(outcome.error.contains("usermod -aG hearth"))
    }

    @Test func doctorAsksTheDaemon() throws {
        let server = try AnsweringServer()
        let outcome = try HearthProgram.run(["doctor", "--json", "--server", server.address])
        #expect(outcome.status == 0)
        let value = try JSONSerialization.jsonObject(with: outcome.bytes) as? [String: Any]
        #expect((value?["daemon"] as? [String: Any])?["ready"] as? Bool == true)
        #expect((value?["findings"] as? [[String: Any]])?.count == 12)
        let text = try HearthProgram.run(["doctor", "--server", "http://127.0.0.1:1"])
        #expect(text.out.contains("cannot reach hearthd"))
        #expect(text.out.contains("sample all processes"))
    }

    /// `hearth record` becomes the `hearthd` beside it, with the arguments in place and its status as the answer.
    @Test func recordBecomesTheEngine() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: HearthProgram.path, toPath: folder.path + "/hearth")
        let engine = folder.path + "/hearthd"
        try Data("#!/bin/sh\nfor a; do echo \"[$a]\"; done\nexit 42\n".utf8).write(to: URL(filePath: engine))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: engine)
        let outcome = try HearthProgram.run(
            ["record", "-o", "a b.svg", "--hertz", "500", "--", "make", "-j4", "--", "x y"],
            program: folder.path + "/hearth", folder: folder.path)
        #expect(outcome.status == 42)
        #expect(
            outcome.out == "[record]\n[--output]\n[a b.svg]\n[--hertz]\n[500]\n[--]\n[make]\n[-j4]\n[--]\n[x y]\n")
        try FileManager.default.removeItem(atPath: engine)
        let missing = try HearthProgram.run(
            ["record", "--", "ls"], environment: ["PATH": "/nonexistent"], program: folder.path + "/hearth",
            folder: folder.path)
        #expect(missing.status == 5)
        #expect(missing.error.contains("neither beside hearth nor in PATH"))
    }
}
