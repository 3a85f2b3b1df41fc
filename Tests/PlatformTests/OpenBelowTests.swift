import Glibc
import TestKit
import Testing

@testable import Platform

/// Paths and links of a target lead nowhere but into its own root.
struct OpenBelowTests {
    private func root() throws -> (TemporaryDirectory, String) {
        let folder = try TemporaryDirectory()
        for name in ["root", "root/etc", "root/sub"] { #expect(unsafe mkdir(folder.appending(name), 0o755) == 0) }
        try folder.write(Array("inside".utf8), to: "root/etc/passwd")
        try folder.write(Array("secret".utf8), to: "secret")
        return (folder, folder.appending("root"))
    }

    private func read(_ path: String, below root: String) throws -> String {
        let directory = try FileDescriptor.openDirectory(root)
        return String(decoding: try directory.openBelow(path, O_RDONLY).readAll(), as: UTF8.self)
    }

    @Test func insideOnly() throws {
        let (folder, root) = try root()
        let links = [
            ("absolute", "/etc/passwd"), ("climbing", "../../../../etc/passwd"), ("chain", "sub/again"),
            ("sub/again", "/absolute"), ("out", "../secret"), ("outside", folder.appending("secret")), ("up", ".."),
        ]
        for (name, target) in links { #expect(unsafe symlink(target, "\(root)/\(name)") == 0) }
        for path in ["etc/passwd", "/etc/passwd", "../etc/passwd", "absolute", "climbing", "chain", "up/etc/passwd"] {
            #expect(try read(path, below: root) == "inside", "\(path)")
        }
        for path in ["out", "outside", "../secret", "up/secret", folder.appending("secret")] {
            #expect(throws: Errno(ENOENT), "\(path)") { try read(path, below: root) }
        }
    }

    /// Links of /proc lead out of any root, and loops end.
    @Test func magicLinksAndLoops() throws {
        #expect(throws: Errno(ELOOP)) { try read("self/root/etc/passwd", below: "/proc") }
        #expect(throws: Errno(ELOOP)) { try read("self/cwd", below: "/proc") }
        let (folder, root) = try root()
        #expect(unsafe symlink("loop", "\(root)/loop") == 0)
        #expect(throws: Errno(ELOOP)) { try withExtendedLifetime(folder) { try read("loop", below: root) } }
    }
}
