import Foundation
import Testing

@testable import Configuration

struct LoadTests {
    @Test func absentFile() throws {
        let path = "/nonexistent/hearth.yaml"
        #expect(try Configuration.load(path: path, absentIsDefault: true) == Configuration())
        let error = #expect(throws: ConfigurationProblems.self) { try Configuration.load(path: path) }
        #expect(error?.description == "\(path): cannot be read: No such file or directory (errno 2)")
    }

    /// A FIFO has no writer: an open that waits for one would hang the start.
    @Test func fifoIsRefused() throws {
        let path = NSTemporaryDirectory() + "hearth-fifo-\(getpid())"
        let made = unsafe mkfifo(path, 0o600)
        #expect(made == 0)
        defer { _ = unsafe unlink(path) }
        let error = #expect(throws: ConfigurationProblems.self) { try Configuration.load(path: path) }
        #expect(error?.description == "\(path): not a regular file")
    }

    @Test func listenAddresses() {
        #expect(ListenAddress("[::1]:80") == .tcp(host: "::1", port: 80))
        #expect(ListenAddress("[::1]:80")?.description == "[::1]:80")
        #expect(ListenAddress("localhost:0") == .tcp(host: "localhost", port: 0))
        for bad in [
            "", ":80", "a:65536", "a", "::1:80", "unix:x", "unix:", "a:-1", "a b:1",
            "unix:/" + String(repeating: "x", count: 107),
        ] {
            #expect(ListenAddress(bad) == nil, "\(bad)")
        }
    }
}
