import Foundation
import Model
import Testing

@testable import Exporter

/// A real browser renders the pages, clicks, types, and complains about nothing.
@Suite(.serialized, .enabled(if: WebDriver.isAvailable, "chromium and chromium-driver are not installed"))
struct BrowserTests {
    private static let frame = "[...document.querySelectorAll('.f')].find(f => f.getAttribute('aria-label').startsWith"

    /// `data-node` of the frame whose label starts with a text.
    private func node(_ driver: WebDriver, _ name: String) throws -> Int {
        Int(try driver.number("\(Self.frame)('\(name),')).dataset.node"))
    }

    /// Pixels of a frame relative to the graph.
    private func share(_ driver: WebDriver, _ node: Int) throws -> Double {
        let width = "getBoundingClientRect().width"
        return try driver.number(
            "document.querySelector('[data-node=\"\(node)\"]').\(width) / document.querySelector('.flame').\(width)")
    }

    private func keep(_ driver: WebDriver, _ name: String) throws {
        guard let folder = ProcessInfo.processInfo.environment["HEARTH_SCREENSHOTS"] else { return }
        try driver.screenshot().write(to: URL(fileURLWithPath: folder).appendingPathComponent(name))
    }

    @Test func thePageZoomsSearchesAndChoosesTargets() async throws {
        try await RunningServer.with { running in
            let driver = try WebDriver()
            try driver.open("http://127.0.0.1:\(running.port)/?target=all&window=10s")
            try driver.wait(
                "document.querySelectorAll('.f').length > 8 && document.querySelectorAll('#list button').length === 3")
            try keep(driver, "page.png")

            let vfs = try node(driver, "do_syscall_64")
            #expect(abs(try share(driver, vfs) - 0.2) < 0.01)
            try driver.click("[data-node=\"\(vfs)\"]")
            #expect(abs(try share(driver, vfs) - 1) < 0.01, "the clicked frame has the full width")
            #expect(try driver.text("document.querySelector('.crumbs [aria-current]').textContent") == "do_syscall_64")
            #expect(try driver.number("document.querySelectorAll('.f.above').length") == 4)
            try keep(driver, "page-zoomed.png")
            try driver.click(".crumbs button:nth-of-type(2)")
            #expect(try driver.text("document.querySelector('.crumbs [aria-current]').textContent") == "worker.service")
            try driver.click(".tools .button")
            #expect(abs(try share(driver, vfs) - 0.2) < 0.01)

            try driver.type("vfs_", into: ".tools input")
            #expect(try driver.text("document.querySelector('.matched').textContent") == "matched 20.0 %")
            #expect(
                try driver.text("[...document.querySelectorAll('.match')].map(f => f.textContent).join()") == "vfs_read"
            )
            try keep(driver, "page-search.png")
            #expect(try driver.text("document.querySelector('tbody button').textContent") == "work(int)")
            #expect(try driver.text("document.querySelector('.truth').textContent").contains("100 samples"))

            try driver.click("#list li:nth-child(2) button")
            try driver.wait("document.getElementById('title').textContent === 'worker.service'")
            #expect(try driver.text("location.search") == "?target=worker.service&window=10s")
            try driver.wait(
                "[...document.querySelectorAll('.loads a')].every(a => a.href.includes('target=worker.service'))")
            #expect(try driver.complaints() == [])
        }
    }

    @Test func thePageIsUsableByKeyboardAndOnAPhone() async throws {
        try await RunningServer.with { running in
            let driver = try WebDriver()
            try driver.open("http://127.0.0.1:\(running.port)/")
            try driver.wait("document.querySelectorAll('.f').length > 8")
            try driver.run("document.querySelector('[data-node=\"0\"]').focus()")
            for (key, expected) in [
                ("\u{e015}", "worker.service"), ("\u{e015}", "worker"), ("\u{e015}", "main"), ("\u{e007}", "main"),
            ] {
                try driver.type(key, into: ".f:focus")
                #expect(try driver.text("document.activeElement.textContent") == expected)
            }
            #expect(try driver.text("document.querySelector('.crumbs [aria-current]').textContent") == "main")
            for width in [360, 760, 1_024] {
                try driver.emulate(width: width)
                try driver.wait("innerWidth === \(width)")
                #expect(
                    try driver.number("document.documentElement.scrollWidth") <= Double(width), "no sideways scrolling")
                try keep(driver, "page-\(width).png")
            }
            try driver.prefer(scheme: "dark")
            #expect(try driver.text("getComputedStyle(document.body).backgroundColor") == "rgb(23, 22, 20)")
            try keep(driver, "page-dark.png")
            #expect(try driver.complaints() == [])
        }
    }

    @Test func hostileNamesStayText() async throws {
        try await RunningServer.with { running in
            let driver = try WebDriver()
            for path in ["/", "/api/v1/profile?format=html", "/api/v1/profile?format=svg"] {
                try driver.open("http://127.0.0.1:\(running.port)\(path)")
                try driver.wait("document.querySelectorAll('.f').length > 8")
                #expect(try driver.number("document.querySelectorAll('b > *, .f script, .f b').length") == 0)
                #expect(
                    try driver.number(
                        "document.scripts ? document.scripts.length : document.querySelectorAll('script').length") <= 2)
                let complaints = try driver.complaints()
                #expect(complaints == [], "\(path): \(complaints)")
            }
        }
    }

    @Test func aStoredDocumentWorksFromDisk() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(HTMLEncoder.encode(EncoderTests.document), to: "flame.html")
        let driver = try WebDriver()
        try driver.open("file://" + file)
        try driver.wait("document.querySelectorAll('.f').length > 8")
        let main = try node(driver, "main")
        try driver.click("[data-node=\"\(main)\"]")
        #expect(abs(try share(driver, main) - 1) < 0.01)
        #expect(try driver.number("document.querySelectorAll('tbody tr').length") == 9)
        #expect(try driver.text("document.title") == "Hearth: all · cpu · 10 s · 100 samples")
        try keep(driver, "document.png")
        #expect(try driver.complaints() == [])
    }

    @Test func aStoredPictureZoomsAndSearches() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(SVGEncoder.encode(EncoderTests.document), to: "flame.svg")
        let driver = try WebDriver()
        try driver.open("file://" + file)
        let width = "+document.querySelector('.f[data-n=\"do_syscall_64\"] rect').getAttribute('width')"
        #expect(abs(try driver.number(width) - 236) < 1)
        try driver.click(".f[data-n=\"do_syscall_64\"]")
        #expect(abs(try driver.number(width) - 1_180) < 1)
        #expect(try driver.text("document.documentElement.dataset.zoomed") == "do_syscall_64")
        try keep(driver, "picture-zoomed.png")
        try driver.click("#reset")
        try driver.click("#search")
        try driver.command("Input.insertText", ["text": "work("])
        #expect(try driver.text("document.getElementById('status').textContent") == "matched 48.0 %")
        try keep(driver, "picture.png")
        #expect(try driver.complaints() == [])
    }

    @Test func twentyThousandFramesAreDrawnAtOnce() throws {
        let document = ProfileDocument(profile: LargeProfile.make(), target: "all")
        let folder = try TemporaryFolder()
        let file = try folder.write(HTMLEncoder.encode(document), to: "large.html")
        let driver = try WebDriver()
        try driver.open("file://" + file)
        try driver.wait("document.querySelectorAll('.f').length > 100")
        #expect(try driver.number("profile.nodes.length") == 20_000)
        let script =
            "(() => { const start = performance.now(); flame.show(profile); return performance.now() - start; })()"
        let milliseconds = try driver.number(script)
        #expect(milliseconds < 1_000, "\(milliseconds) ms")
        #expect(try driver.text("document.querySelector('.details').textContent").contains("are left out"))
        #expect(try driver.complaints() == [])
    }
}

/// More functions than a screen has pixels.
enum LargeProfile {
    static func make() -> Profile {
        var profile = SampleProfile.make()
        profile.nodes = [.root]
        profile.samples = []
        profile.frames = (0..<500).map { index in
            let line = SourceLine(function: "function_\(index)", systemName: "function_\(index)")
            return ProfileFrame(module: 2, address: UInt64(index), name: .lines([line]))
        }
        for leaf in 0..<30_000 {
            let parent = leaf < 200 ? 0 : Int32(leaf / 8 + 1)
            profile.nodes.append(StackNode(parent: parent, frame: Int32(leaf * 7 % 500)))
            profile.samples.append(ProfileSample(node: Int32(leaf + 1), context: 0, count: 1, weight: 1e7))
        }
        return profile
    }
}
