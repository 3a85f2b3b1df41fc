import Binary
import Foundation
import Glibc
import Platform
import Testing

@testable import Symbols

@Suite struct DebugFileLocatorTests {
    private let id: [UInt8] = [0xab, 0x01, 0xff]
    private let link = DebugLink(name: "app.debug", crc: 1)

    private func content(_ file: OpenFile) throws -> String {
        String(decoding: try file.descriptor.readAll(), as: UTF8.self)
    }

    private func target(_ shop: Workshop) throws -> OpenFile {
        try OpenFile(FileDescriptor.open("\(shop.path)/root", O_DIRECTORY))
    }

    @Test func placesComeInTheirOrder() throws {
        let shop = try Workshop()
        for folder in [
            "host/.build-id/ab", "root/usr/lib/debug/.build-id/ab", "root/opt/.debug", "root/usr/lib/debug/opt",
        ] {
            try shop.run("mkdir", "-p", folder)
        }
        try shop.write("host", to: "host/.build-id/ab/01ff.debug")
        try shop.write("target", to: "root/usr/lib/debug/.build-id/ab/01ff.debug")
        try shop.write("beside", to: "root/opt/app.debug")
        try shop.write("hidden", to: "root/opt/.debug/app.debug")
        try shop.write("global", to: "root/usr/lib/debug/opt/app.debug")
        let locator = DebugFileLocator(hostFolder: "\(shop.path)/host")
        let found = locator.candidates(buildID: id, link: link, path: "/opt/app", root: try target(shop))
        #expect(try found.map(content) == ["host", "target", "beside", "hidden", "global"])
        let withoutID = locator.candidates(buildID: [], link: link, path: "/opt/app", root: try target(shop))
        #expect(try withoutID.map(content) == ["beside", "hidden", "global"])
        let onHost = locator.candidates(buildID: id, link: nil, path: "/opt/app", root: nil)
        #expect(try onHost.map(content) == ["host"])
        #expect(locator.candidates(buildID: [1], link: nil, path: "", root: try target(shop)).isEmpty)
    }

    @Test func targetsCannotLeadOutOfTheirRoot() throws {
        let shop = try Workshop()
        try shop.run("mkdir", "-p", "root/opt/.debug", "root/usr/lib/debug/opt")
        try shop.write("secret", to: "secret")
        try shop.run("ln", "-s", "\(shop.path)/secret", "root/opt/app.debug")
        try shop.run("ln", "-s", "../../../secret", "root/opt/.debug/app.debug")
        try shop.run("mkfifo", "root/usr/lib/debug/opt/app.debug")
        let locator = DebugFileLocator(hostFolder: "\(shop.path)/host")
        #expect(locator.candidates(buildID: id, link: link, path: "/opt/app", root: try target(shop)).isEmpty)
        #expect(locator.candidates(buildID: id, link: link, path: "/../opt/app", root: try target(shop)).isEmpty)
    }

    @Test func debugFilesOfARealProgramAreFoundAndUsed() throws {
        let shop = try Workshop()
        try shop.run("mkdir", "-p", "root/opt")
        try shop.write(ElfNameTests.cSource, to: "a.c")
        try shop.run(
            "sh", "-c",
            """
            set -e
            gcc -O2 -o root/opt/app a.c && cp root/opt/app full
            objcopy --only-keep-debug full root/opt/app.debug && strip root/opt/app
            objcopy --add-gnu-debuglink=root/opt/app.debug root/opt/app
            """)
        let image = try shop.image("root/opt/app")
        var files = try shop.module("root/opt/app")
        files.debugFiles = DebugFileLocator(hostFolder: "\(shop.path)/host").candidates(
            buildID: image.buildID, link: image.debugLink, path: "/opt/app", root: try target(shop))
        #expect(files.debugFiles.count == 1)
        #expect(try expectNames(shop, "root/opt/app", truth: "full", files: files, symbolizer: makeSymbolizer()) > 5)
    }
}
