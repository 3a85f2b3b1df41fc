import Foundation
import Model
import TestKit
import Testing

@testable import Exporter

/// Stored and served documents in a real browser.
@Suite(.serialized, .enabled(if: WebDriver.isAvailable, "chromium and chromium-driver are not installed"))
struct DocumentTests {
    @Test func aStoredDocumentWorksFromDisk() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(HTMLEncoder.encode(EncoderTests.document), to: "flame.html")
        let browser = try Browser()
        try browser.openDocument("file://" + file)
        try browser.driver.click(at: try browser.place("main"))
        #expect(abs(try browser.share("main") - 1) < 0.01)
        try browser.press(button: "Table")
        #expect(try browser.number("document.querySelectorAll('tbody tr').length") == 9)
        #expect(try browser.text("document.title") == "Hearth: all · cpu · 10 s · 100 samples")
        try browser.keep("document.png")
        #expect(try browser.driver.complaints() == [])
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
        try driver.click("#reset")
        try driver.click("#search")
        try driver.command("Input.insertText", ["text": "work("])
        #expect(try driver.text("document.getElementById('status').textContent") == "matched 48.0 %")
        #expect(try driver.complaints() == [])
    }

    @Test func servedDocumentsComplainAboutNothing() async throws {
        try await RunningServer.with { running in
            let browser = try Browser()
            let url = "http://127.0.0.1:\(running.port)/api/v1/profile?format="
            try browser.openDocument(url + "html")
            #expect(try browser.number("document.querySelectorAll('b > *, h1 > *').length") == 0)
            #expect(try browser.driver.complaints() == [])
            try browser.driver.open(url + "svg")
            try browser.wait("document.querySelectorAll('.f').length > 8")
            #expect(try browser.number("document.querySelectorAll('.f script, .f b').length") == 0)
            #expect(try browser.driver.complaints() == [])
        }
    }

    /// The server keeps the heaviest 20,000 nodes; the browser draws whatever it gets.
    @Test func aHundredThousandStacksStaySmooth() throws {
        let document = ProfileDocument(profile: LargeProfile.make(), target: "all")
        let folder = try TemporaryFolder()
        let file = try folder.write(HTMLEncoder.encode(document), to: "large.html")
        let browser = try Browser()
        try browser.openDocument("file://" + file)
        #expect(try browser.number("profile.nodes.length") == 20_000)
        #expect(try browser.content(".details").contains("are left out"))
        for (what, script) in [
            ("what the server sends", "const material = viewer.material"), ("all of them", LargeProfile.script),
        ] {
            let milliseconds = try browser.driver.run(script + LargeProfile.drawing) as? Double ?? .nan
            print("drawing \(what): \(milliseconds) ms")
            #expect(milliseconds <= 100, "\(what)")
        }
        try browser.keep("document-large.png")
        #expect(try browser.driver.complaints() == [])
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
        for leaf in 0..<100_000 {
            let parent = leaf < 200 ? 0 : Int32(leaf / 8 + 1)
            profile.nodes.append(StackNode(parent: parent, frame: Int32(leaf * 7 % 500)))
            profile.samples.append(ProfileSample(node: Int32(leaf + 1), context: 0, count: 1, weight: 1e7))
        }
        return profile
    }

    /// A tree of 100,000 distinct stacks, twelve deep and more, every row of it as full as the window is wide.
    static let script = """
        const functions = [["all", "", "group"]], nodes = [[-1, 0, 0, 0, 0, 0, 0]];
        for (let i = 1; i < 5000; i++) functions.push(["function_" + i, "library_" + i % 40, "native"]);
        const add = (parent, func) => nodes.push([parent, func, 0, 0, 0, 0, 0]) - 1;
        for (let stack = 0; stack < 1000; stack++) {
          let node = 0;
          for (let depth = 0; depth < 60; depth++) node = add(node, 1 + (stack * 7 + depth) % 4999);
          for (let leaf = 0; leaf < 100; leaf++) { const at = add(node, 1 + leaf * 13 % 4999); nodes[at][3] = 1e7; nodes[at][5] = 1; }
        }
        for (let node = nodes.length - 1; node >= 0; node--) {
          nodes[node][2] += nodes[node][3]; nodes[node][4] += nodes[node][5];
          if (node) { nodes[nodes[node][0]][2] += nodes[node][2]; nodes[nodes[node][0]][4] += nodes[node][4]; }
        }
        const material = new ProfileMaterial({ ...profile, functions, nodes, hot: [] }, palette);
        """

    /// Lays out and draws until the pixels are there; the fastest of some, since other programs run beside.
    static let drawing = """

        viewer.show(material);
        const graph = viewer.graph, times = [];
        const begin = performance.now();
        while (times.length < 7 || (Math.min(...times) > 100 && performance.now() - begin < 10000)) {
          const start = performance.now();
          graph.arrange(null);
          graph.painter.surface.context.getImageData(0, 0, 1, 1);
          times.push(performance.now() - start);
        }
        return Math.min(...times);
        """
}
