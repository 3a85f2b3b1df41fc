import Foundation
import Glibc

/// A headless Chromium, driven by chromedriver over its HTTP protocol (W3C WebDriver).
final class WebDriver {
    private let driver: Process
    private let port: Int
    private var session = ""
    /// Where an element's id stands in an answer (W3C WebDriver, section 12).
    private static let elementKey = "element-6066-11e4-a52e-4f735466cecf"

    static let isAvailable = ExternalTool.isInstalled("chromium") && ExternalTool.isInstalled("chromedriver")

    init() throws {
        guard let browser = ExternalTool("chromium"), let tool = ExternalTool("chromedriver") else {
            throw ClientError(description: "no browser")
        }
        (driver, port) = try Self.launch(tool)
        let arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1300,900",
        ]
        let options: [String: Any] = ["binary": browser.path, "args": arguments]
        let match: [String: Any] = ["goog:chromeOptions": options, "goog:loggingPrefs": ["browser": "ALL"]]
        let value = try send("POST", "/session", ["capabilities": ["alwaysMatch": match]])
        session = "/session/" + ((value as? [String: Any])?["sessionId"] as? String ?? "")
    }

    deinit {
        _ = try? send("DELETE", session, nil)
        // The driver inherits a mask that may block SIGTERM; its browser has ended with the session.
        kill(driver.processIdentifier, SIGKILL)
    }

    /// Starts the driver on a port that it chooses and says.
    private static func launch(_ tool: ExternalTool) throws -> (Process, Int) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tool.path)
        process.arguments = ["--port=0"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var text = ""
        while true {
            let data = output.fileHandleForReading.availableData
            text += String(decoding: data, as: UTF8.self)
            if let match = text.firstMatch(of: /on port (\d+)\./), let port = Int(match.1) { return (process, port) }
            if data.isEmpty { throw ClientError(description: "chromedriver did not start: \(text)") }
        }
    }

    func open(_ url: String) throws { try send("POST", session + "/url", ["url": url]) }

    /// Result of the body of a function.
    @discardableResult func run(_ script: String) throws -> Any? {
        try send("POST", session + "/execute/sync", ["script": script, "args": [] as [String]])
    }

    func text(_ script: String) throws -> String { try run("return String(\(script))") as? String ?? "" }
    func number(_ script: String) throws -> Double { try run("return Number(\(script))") as? Double ?? .nan }

    /// Clicks as a person does: the element must be visible and not covered.
    func click(_ selector: String) throws {
        try send("POST", try element(selector) + "/click", [String: String]())
    }

    func type(_ text: String, into selector: String) throws {
        try send("POST", try element(selector) + "/value", ["text": text])
    }

    /// Width of the window as a phone has it.
    func emulate(width: Int) throws {
        let size: [String: Any] = ["width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false]
        try command("Emulation.setDeviceMetricsOverride", size)
    }

    func prefer(scheme: String) throws {
        try command("Emulation.setEmulatedMedia", ["features": [["name": "prefers-color-scheme", "value": scheme]]])
    }

    func command(_ name: String, _ parameters: [String: Any]) throws {
        try send("POST", session + "/goog/cdp/execute", ["cmd": name, "params": parameters])
    }

    /// What scripts and policies have complained about.
    func complaints() throws -> [String] {
        let entries = try send("POST", session + "/se/log", ["type": "browser"]) as? [[String: Any]] ?? []
        return entries.compactMap { $0["message"] as? String }
    }

    func screenshot() throws -> Data {
        Data(base64Encoded: try send("GET", session + "/screenshot", nil) as? String ?? "") ?? Data()
    }

    /// Waits for a condition of the document.
    func wait(_ condition: String) throws {
        let clock = ContinuousClock()
        let start = clock.now
        while try run("return Boolean(\(condition))") as? Bool != true {
            guard clock.now - start < .seconds(15) else { throw ClientError(description: "never: \(condition)") }
            usleep(30_000)
        }
    }

    private func element(_ selector: String) throws -> String {
        let value = try send("POST", session + "/element", ["using": "css selector", "value": selector])
        guard let id = (value as? [String: String])?[Self.elementKey] else { throw ClientError(description: selector) }
        return session + "/element/" + id
    }

    @discardableResult private func send(_ method: String, _ path: String, _ body: Any?) throws -> Any? {
        let data = try body.map { try JSONSerialization.data(withJSONObject: $0) } ?? Data()
        let client = try RawClient(port: port)
        let text = String(decoding: data, as: UTF8.self)
        try client.send(RawClient.request(method, path, headers: ["Content-Type: application/json"], body: text))
        let response = try client.response()
        let object = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
        guard response.status == 200 else {
            throw ClientError(description: "\(path) \(text.prefix(200)): \(response.text.prefix(600))")
        }
        return object?["value"]
    }
}
