import Glibc
import TestKit
import Testing

@testable import Platform

struct AtomicFileTests {
    private func read(_ path: String) throws -> [UInt8] { try FileDescriptor.open(path).readAll() }

    private func mode(_ path: String) throws -> mode_t { try FileDescriptor.open(path).status().st_mode & 0o7777 }

    @Test func newAndReplaced() throws {
        let folder = try TemporaryDirectory()
        let path = folder.appending("out")
        try AtomicFile.write(Array("one".utf8), to: path)
        #expect(try read(path) == Array("one".utf8))
        let mask = umask(0)
        _ = umask(mask)
        #expect(try mode(path) == 0o666 & ~mask)
        chmod(path, 0o640)
        let long = [UInt8](repeating: 7, count: 3 << 20)
        try AtomicFile.write(long, to: path)
        #expect(try read(path) == long)
        #expect(try mode(path) == 0o640)
        #expect(try names(in: folder.path) == ["out"])
    }

    private func names(in folder: String) throws -> [String] {
        try Command.output("ls", ["-A", folder]).split(separator: "\n").map(String.init)
    }

    private func chmod(_ path: String, _ mode: mode_t) { #expect(unsafe Glibc.chmod(path, mode) == 0) }

    @Test func linksStayLinks() throws {
        let folder = try TemporaryDirectory()
        try folder.write(Array("old".utf8), to: "real")
        #expect(unsafe symlink("real", folder.appending("link")) == 0)
        try AtomicFile.write(Array("new".utf8), to: folder.appending("link"))
        #expect(try read(folder.appending("real")) == Array("new".utf8))
        #expect(try Command.output("readlink", [folder.appending("link")]) == "real\n")
    }

    /// Devices and pipes are written as they are.
    @Test func special() throws {
        try AtomicFile.write(Array("x".utf8), to: "/dev/null")
        #expect(try FileDescriptor.open("/dev/null").status().st_mode & S_IFMT == S_IFCHR)
        let folder = try TemporaryDirectory()
        let pipe = folder.appending("pipe")
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        let reader = try FileDescriptor.open(pipe, O_RDONLY | O_NONBLOCK)
        try AtomicFile.write(Array("through".utf8), to: pipe)
        #expect(try reader.readAll() == Array("through".utf8))
        #expect(throws: Errno(ENOSPC)) { try AtomicFile.write([1], to: "/dev/full") }
    }

    @Test func impossible() throws {
        let folder = try TemporaryDirectory()
        #expect(throws: Errno(ENOENT)) { try AtomicFile.write([1], to: folder.appending("none/out")) }
        #expect(throws: Errno(EISDIR)) { try AtomicFile.write([1], to: folder.path) }
        #expect(try names(in: folder.path) == [])
    }

    /// On a full disk the old file stays, and nothing is left behind.
    @Test(.enabled(if: geteuid() == 0, "mounting needs root")) func fullDisk() throws {
        let folder = try TemporaryDirectory()
        _ = try Command.output("mount", ["-t", "tmpfs", "-o", "size=256k", "none", folder.path])
        defer { _ = try? Command.output("umount", [folder.path]) }
        let path = folder.appending("out")
        let old = [UInt8](repeating: 1, count: 100_000)
        try AtomicFile.write(old, to: path)
        for size in [300_000, 200_000] {
            #expect(throws: Errno(ENOSPC)) {
                try AtomicFile.write([UInt8](repeating: 2, count: size), to: path)
            }
            #expect(try read(path) == old)
            #expect(try names(in: folder.path) == ["out"])
        }
    }

    @Test(arguments: [("a", "."), ("/a", "/"), ("/a/b", "/a"), ("a/b", "a"), ("", ".")])
    func folders(_ path: String, _ folder: String) { #expect(AtomicFile.folder(of: path) == folder) }
}
