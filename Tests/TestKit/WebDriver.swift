public import Foundation

/// A headless Chromium, driven by chromedriver over its HTTP protocol (W3C WebDriver).
public final class WebDriver {
    private let driver: RunningServer
    private let folder: TemporaryDirectory
    private let curl: String
    private let port: Int
    private var session = ""
    /// Where an element's id stands in an answer (W3C WebDriver, section 12).
    private static let elementKey = "element-6066-11e4-a52e-4f735466cecf"

    /// Whether everything that it needs is installed; prints what is not.
    public static let isAvailable = ["chromium", "chromedriver", "curl"].allSatisfy { name in
        guard case .failure(let reason) = ExternalTool.find(name) else { return true }
        print("skipped: \(reason)")
        return false
    }

    /// Starts a browser without a window.
    public init() throws {
        folder = try TemporaryDirectory()
        curl = try ExternalTool.find("curl").get()
        port = try FreePort.take()
        driver = try RunningServer(
            try ExternalTool.find("chromedriver").get(), ["--port=\(port)", "--silent"], log: folder.appending("log"))
        try awaitDriver()
        let arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1300,900",
        ]
        let browser = try ExternalTool.find("chromium").get()
        let options: [String: Any] = ["binary": browser, "args": arguments]
        let match: [String: Any] = ["goog:chromeOptions": options, "goog:loggingPrefs": ["browser": "ALL"]]
        let value = try send("POST", "/session", ["capabilities": ["alwaysMatch": match]])
        session = "/session/" + ((value as? [String: Any])?["sessionId"] as? String ?? "")
    }

    deinit {
        _ = try? send("DELETE", session, nil)
        _ = driver.end()
    }

    private func awaitDriver() throws {
        let deadline = Date().addingTimeInterval(30)
        while (try? send("GET", "/status", nil)) == nil {
            guard Date() < deadline, driver.isRunning else {
                throw CommandFailure(description: "chromedriver did not start: \(driver.log)")
            }
            usleep(30_000)
        }
    }

    /// Loads a page and waits for it.
    public func open(_ url: String) throws { try send("POST", session + "/url", ["url": url]) }

    /// Result of the body of a function.
    @discardableResult public func run(_ script: String) throws -> Any? {
        try send("POST", session + "/execute/sync", ["script": script, "args": [] as [String]])
    }

    /// Value of an expression as a string.
    public func text(_ script: String) throws -> String { try run("return String(\(script))") as? String ?? "" }
    /// Value of an expression as a number.
    public func number(_ script: String) throws -> Double { try run("return Number(\(script))") as? Double ?? .nan }

    /// Clicks as a person does: the element must be visible and not covered.
    public func click(_ selector: String) throws {
        try send("POST", try element(selector) + "/click", [String: String]())
    }

    /// Sends keys to an element.
    public func type(_ text: String, into selector: String) throws {
        try send("POST", try element(selector) + "/value", ["text": text])
    }

    /// Moves the pointer, and nothing else.
    public func hover(_ place: Place) throws { try perform([Self.move(to: place)]) }

    /// Presses and releases the button of the pointer at a place.
    public func click(at place: Place) throws {
        try perform([Self.move(to: place), ["type": "pointerDown", "button": 0], ["type": "pointerUp", "button": 0]])
    }

    /// Presses the button at a place and releases it at another.
    ///
    /// - Parameter key: a key that is held meanwhile, as in ``press(_:)``.
    public func drag(from start: Place, to end: Place, holding key: String? = nil) throws {
        let middle = Place(x: (start.x + end.x) / 2, y: (start.y + end.y) / 2)
        let moves: [[String: Any]] = [
            Self.move(to: start), ["type": "pointerDown", "button": 0], Self.move(to: middle), Self.move(to: end),
            ["type": "pointerUp", "button": 0],
        ]
        let held = key.map { [["type": "keyDown", "value": $0]] + Array(repeating: ["type": "pause"], count: 5) }
        try perform(held == nil ? moves : [["type": "pause"]] + moves, keys: held)
        if key != nil { try send("DELETE", session + "/actions", nil) }
    }

    /// Types keys to whatever has the focus; special keys have code points of their own (section 17.4.2).
    public func press(_ keys: String) throws {
        let strokes = keys.flatMap { [["type": "keyDown", "value": "\($0)"], ["type": "keyUp", "value": "\($0)"]] }
        try perform(nil, keys: strokes)
    }

    /// A point of the window, in CSS pixels from its upper left corner.
    public struct Place: Hashable, Sendable {
        /// To the right.
        public var x: Double
        /// Down.
        public var y: Double
        /// A point.
        public init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
    }

    private static func move(to place: Place) -> [String: Any] {
        ["type": "pointerMove", "duration": 0, "x": Int(place.x.rounded()), "y": Int(place.y.rounded())]
    }

    /// Steps of the pointer and of the keys, side by side (section 17.5).
    private func perform(_ pointer: [[String: Any]]?, keys: [[String: String]]? = nil) throws {
        var sources: [[String: Any]] = []
        if let pointer {
            let kind = ["pointerType": "mouse"]
            sources.append(["type": "pointer", "id": "mouse", "parameters": kind, "actions": pointer])
        }
        if let keys { sources.append(["type": "key", "id": "keyboard", "actions": keys]) }
        try send("POST", session + "/actions", ["actions": sources])
    }

    /// Size of what the window shows.
    public func emulate(width: Int, height: Int = 800) throws {
        let size: [String: Any] = ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": false]
        try command("Emulation.setDeviceMetricsOverride", size)
    }

    /// `light` or `dark`.
    public func prefer(scheme: String) throws {
        try command("Emulation.setEmulatedMedia", ["features": [["name": "prefers-color-scheme", "value": scheme]]])
    }

    /// A command of the Chrome DevTools protocol.
    public func command(_ name: String, _ parameters: [String: Any]) throws {
        try send("POST", session + "/goog/cdp/execute", ["cmd": name, "params": parameters])
    }

    /// What scripts and policies have complained about; advice about reading pixels is for tests alone.
    public func complaints() throws -> [String] {
        let entries = try send("POST", session + "/se/log", ["type": "browser"]) as? [[String: Any]] ?? []
        return entries.compactMap { $0["message"] as? String }.filter { !$0.contains("willReadFrequently") }
    }

    /// The window as PNG.
    public func screenshot() throws -> Data {
        Data(base64Encoded: try send("GET", session + "/screenshot", nil) as? String ?? "") ?? Data()
    }

    /// Waits for a condition of the document.
    public func wait(_ condition: String) throws {
        let clock = ContinuousClock()
        let start = clock.now
        while try run("return Boolean(\(condition))") as? Bool != true {
            guard clock.now - start < .seconds(60) else { throw CommandFailure(description: "never: \(condition)") }
            usleep(30_000)
        }
    }

    private func element(_ selector: String) throws -> String {
        let value = try send("POST", session + "/element", ["using": "css selector", "value": selector])
        guard let id = (value as? [String: String])?[Self.elementKey] else {
            throw CommandFailure(description: selector)
        }
        return session + "/element/" + id
    }

    @discardableResult private func send(_ method: String, _ path: String, _ body: Any?) throws -> Any? {
        var arguments = ["-sS", "--max-time", "60", "-X", method, "http://127.0.0.1:\(port)\(path)"]
        let data = try body.map { try JSONSerialization.data(withJSONObject: $0) } ?? Data()
        if body != nil { arguments += ["-H", "Content-Type: application/json", "--data-binary", "@-"] }
        let result = try Command.run(curl, arguments, input: Array(data))
        let object = try? JSONSerialization.jsonObject(with: Data(result.bytes)) as? [String: Any]
        guard result.status == 0, let object else {
            throw CommandFailure(description: "\(path): \(result.errors)\(result.output.prefix(600))")
        }
        // Errors are values with the member `error` (section 6.6).
        if let value = object["value"] as? [String: Any], let error = value["error"] {
            let sent = String(decoding: data.prefix(200), as: UTF8.self)
            throw CommandFailure(description: "\(path) \(sent): \(error): \(value["message"] ?? "")")
        }
        return object["value"]
    }
}
