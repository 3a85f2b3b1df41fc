import Foundation

/// A browser that looks at the page or at a stored document, with the frames of its canvas as things one can press.
public final class Browser {
    /// What drives it.
    public let driver: WebDriver
    /// The viewer in the script of what is looked at.
    private var viewer = "page.viewer"

    /// Starts a browser as large as a laptop's screen.
    public init() throws {
        driver = try WebDriver()
        try driver.emulate(width: 1280, height: 800)
    }

    /// The page of a server; waits until it shows a profile.
    public func openPage(port: Int, _ address: String = "") throws {
        viewer = "page.viewer"
        try driver.open("about:blank")
        try driver.open("http://127.0.0.1:\(port)/\(address)")
        try driver.wait("\(viewer).material")
    }

    /// A document that shows one profile.
    public func openDocument(_ url: String) throws {
        viewer = "viewer"
        try driver.open(url)
        try driver.wait("\(viewer).material")
    }

    /// Value of an expression as a string.
    public func text(_ script: String) throws -> String { try driver.text(script) }
    /// Value of an expression as a number.
    public func number(_ script: String) throws -> Double { try driver.number(script) }
    /// Waits for a condition of the document.
    public func wait(_ condition: String) throws { try driver.wait(condition) }
    /// Text of the first element of a selector.
    public func content(_ selector: String) throws -> String {
        try text("document.querySelector('\(selector)').textContent")
    }

    /// The script of a graph: the large one, or one beside the table.
    public func graph(_ name: String = "graph") -> String { "\(viewer).\(name)" }

    /// Index of the widest frame of that name; −1 if none is drawn.
    public func node(_ name: String, in graph: String = "graph") throws -> Int {
        let graph = self.graph(graph)
        let script = """
            (() => { const graph = \(graph), found = [];
            for (let node = 0; node < graph.tree.size; node++)
              if (graph.tree.entry(node).name === '\(name)' && graph.boxOf(node)) found.push(node);
            return found.sort((a, b) => graph.boxOf(b).width - graph.boxOf(a).width)[0] ?? -1; })()
            """
        return Int(try number(script))
    }

    /// Waits until a frame of that name is drawn and every answer that was asked for is there.
    public func awaitFrame(_ name: String) throws {
        let deadline = Date().addingTimeInterval(20)
        while try node(name) < 0 || text("\(viewer).work.getAttribute('aria-busy')") == "true" {
            guard Date() < deadline else { throw CommandFailure(description: "no frame \(name)") }
            usleep(30_000)
        }
    }

    /// Width of a frame as a share of the graph.
    public func share(_ name: String, in graph: String = "graph") throws -> Double {
        let node = try node(name, in: graph)
        return node < 0 ? 0 : try number("\(self.graph(graph)).boxOf(\(node)).width / \(self.graph(graph)).width")
    }

    /// The middle of a frame in the window.
    public func place(_ name: String, in graph: String = "graph") throws -> WebDriver.Place {
        let node = try node(name, in: graph)
        guard node >= 0 else { throw CommandFailure(description: "no frame \(name)") }
        let (box, canvas) = (
            "\(self.graph(graph)).boxOf(\(node))", "\(self.graph(graph)).canvas.getBoundingClientRect()"
        )
        return WebDriver.Place(
            x: try number("\(canvas).left + \(box).left + \(box).width / 2"),
            y: try number("\(canvas).top + \(box).top + 9"))
    }

    /// Colour of a frame near its left end, as `r,g,b`.
    public func colour(_ name: String) throws -> String {
        let node = try node(name)
        guard node >= 0 else { throw CommandFailure(description: "no frame \(name)") }
        return try text(
            """
            (() => { const graph = \(graph()), box = graph.boxOf(\(node)), context = graph.painter.surface.context;
            return Array.from(context.getImageData(box.left + 1, box.top + 2, 1, 1).data.slice(0, 3)).join(); })()
            """)
    }

    /// The function whose frame is zoomed.
    public func zoomed() throws -> String { try text("\(graph()).tree.entry(\(graph()).zoomed).name") }

    /// Presses the button that shows a text.
    public func press(button text: String) throws {
        let script = """
            const found = [...document.querySelectorAll('button, summary')].find(item => item.textContent === '\(text)' && item.checkVisibility());
            if (!found) return false;
            found.dataset.wanted = '1';
            return true
            """
        guard try driver.run(script) as? Bool == true else { throw CommandFailure(description: "no button \(text)") }
        defer { _ = try? driver.run("document.querySelector('[data-wanted]')?.removeAttribute('data-wanted')") }
        try driver.click("[data-wanted]")
    }

    /// Stores what is seen, for people who look at it, in the folder that HEARTH_SCREENSHOTS names.
    public func keep(_ name: String) throws {
        guard let folder = ProcessInfo.processInfo.environment["HEARTH_SCREENSHOTS"] else { return }
        try driver.screenshot().write(to: URL(fileURLWithPath: folder).appendingPathComponent(name))
    }
}
