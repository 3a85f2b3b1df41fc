import Foundation
import Glibc
import Model
import Platform
import Testing

@testable import Exporter

/// Every path and every limit over real sockets.
@Suite struct ServerTests {
    @Test func everyPathOverTCP() async throws {
        try await RunningServer.with { running in
            for target in [
                "/", "/metrics", "/healthz", "/readyz", "/debug/pprof/", "/debug/pprof/profile?last=10s",
                "/debug/pprof/cmdline",
                "/debug/pprof/symbol", "/api/v1/targets", "/api/v1/hot?window=10s", "/api/v1/profile?last=10s",
                "/api/v1/profile?format=svg", "/api/v1/profile?format=html", "/api/v1/profile?format=folded",
            ] {
                let response = try running.ask("GET", target)
                #expect(response.status == 200, "\(target): \(response.text.prefix(300))")
                #expect(response["date"]?.hasSuffix(" GMT") == true)
                let head = try running.ask("HEAD", target)
                #expect(head.status == 200 && head.body.isEmpty)
                #expect(head["content-type"] == response["content-type"])
                #expect(head["content-length"] == response["content-length"])
            }
            #expect(try running.ask("GET", "/debug/pprof/cmdline").text == "hearthd\0--config\0/etc/hearth/hearth.yaml")
            #expect(try running.ask("POST", "/debug/pprof/symbol", body: "0x1+0x2").text == "num_symbols: 1\n")
            #expect(try running.ask("GET", "/nothing").status == 404)
            #expect(try running.ask("PUT", "/metrics").status == 405)
            #expect(running.budget.cpuNanoseconds > 0, "encoding is charged")
            try await running.waitUntil { $0.budget.usedBytes == 0 }
        }
    }

    @Test func unixSocketsAreServedPrivatelyAndCleanedUp() async throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("hearth.sock").path
        let listeners = [Listener(.unix(path: path)), Listener(.tcp(host: "127.0.0.1", port: 0), scope: .metrics)]
        try await RunningServer.with(listeners: listeners) { running in
            let client = try RawClient(path: path)
            try client.send(RawClient.request("GET", "/api/v1/targets", headers: ["Host: anything"]))
            let response = try client.response()
            #expect(response.status == 200 && response.text.contains("\"worker.service\""))
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o660)
            #expect(try running.ask("GET", "/metrics").status == 200)
            #expect(try running.ask("GET", "/api/v1/targets").status == 403)
            let error = await #expect(throws: ListenError.self) {
                _ = try await RunningServer(listeners: [Listener(.unix(path: path))])
            }
            #expect(error?.description.contains("pid \(getpid())") == true)
            #expect(running.server.boundAddresses.contains(.unix(path: path)))
        }
        #expect(!FileManager.default.fileExists(atPath: path), "our own socket goes with us")
    }

    @Test func aStaleSocketIsReplacedAFileIsNot() async throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("stale.sock").path
        do {
            _ = try UnixSocket.bound(to: path)
        }
        #expect(FileManager.default.fileExists(atPath: path), "a socket whose owner is gone")
        try await RunningServer.with(listeners: [Listener(.unix(path: path))]) { _ in
            let client = try RawClient(path: path)
            try client.send(RawClient.request("GET", "/healthz"))
            #expect(try client.response().status == 200)
        }
        let file = try folder.write([1], to: "file")
        await #expect(throws: ListenError.notASocket(path: file)) {
            _ = try await RunningServer(listeners: [Listener(.unix(path: file))])
        }
        #expect(FileManager.default.fileExists(atPath: file))
    }

    @Test func aPortInUseNamesItsHolder() async throws {
        try await RunningServer.with { running in
            let error = await #expect(throws: ListenError.self) {
                _ = try await RunningServer(listeners: [Listener(.tcp(host: "127.0.0.1", port: running.port))])
            }
            guard case .inUse(let address, let holder) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(address == "127.0.0.1:\(running.port)")
            #expect(holder?.contains("pid \(getpid())") == true)
        }
    }

    @Test func descriptorsOfSomebodyElseAreServed() async throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("passed.sock").path
        let number = try UnixSocket.bound(to: path).release()
        try await RunningServer.with(listeners: [Listener(.descriptor(number))]) { running in
            #expect(running.server.boundAddresses == [.unix(path: path)])
            let client = try RawClient(path: path)
            try client.send(RawClient.request("GET", "/healthz"))
            #expect(try client.response().status == 200)
        }
        #expect(FileManager.default.fileExists(atPath: path), "systemd's socket file stays")
    }

    @Test func connectionsAreKeptAndPipelinesAnsweredInOrder() async throws {
        try await RunningServer.with { running in
            let client = try running.client()
            for _ in 0..<3 {
                try client.send(RawClient.request("GET", "/healthz"))
                #expect(try client.response().text == "ok\n")
            }
            let targets = ["/api/v1/profile?format=svg", "/healthz", "/nothing", "/metrics", "/api/v1/hot"]
            try client.send(targets.map { RawClient.request("GET", $0) }.joined())
            let answers = try targets.map { _ in try client.response() }
            #expect(answers.map(\.status) == [200, 200, 404, 200, 200])
            #expect(answers[1].text == "ok\n")
            #expect(answers[0]["content-type"] == "image/svg+xml")
            try client.send(RawClient.request("GET", "/healthz", headers: ["Connection: close"]))
            #expect(try client.response()["connection"] == "close")
            #expect(try client.isClosed())
        }
    }

    @Test func aLongPipelineDoesNotGrowTheStack() async throws {
        try await RunningServer.with { running in
            let client = try running.client()
            let count = 4_000
            try client.send(String(repeating: "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", count: count))
            for _ in 0..<count where try client.response().status != 200 { Issue.record("not 200") }
        }
    }

    @Test func http10IsAnsweredAndClosed() async throws {
        try await RunningServer.with { running in
            let client = try running.client()
            try client.send("GET /healthz HTTP/1.0\r\n\r\n")
            #expect(try client.response().status == 200)
            #expect(try client.isClosed())
        }
    }

    @Test(arguments: [
        ("GET /healthz HTTP/1.1\r\n\r\n", 400), ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("rubbish\r\n\r\n", 400), ("GET healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
        ("GET /%ff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    ])
    func malformedRequests(_ text: String, _ status: Int) async throws {
        try await RunningServer.with { running in
            let client = try running.client()
            try client.send(text)
            #expect(try client.response().status == status)
        }
    }

    @Test func hugeHeadsAndBodiesAreCutOff() async throws {
        try await RunningServer.with { running in
            let long = try running.client()
            try long.send(
                RawClient.request("GET", "/healthz", headers: ["X: " + String(repeating: "a", count: 40_000)]))
            #expect(try long.response().status == 431)
            #expect(try long.isClosed())

            let many = try running.client()
            try many.send(RawClient.request("GET", "/healthz", headers: (0..<3_000).map { "X-\($0): aaaaaaaaaa" }))
            #expect(try many.response().status == 431)

            let announced = try running.client()
            try announced.send(
                "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n")
            #expect(try announced.response().status == 413)
            #expect(try announced.isClosed())

            let chunked = try running.client()
            try chunked.send(
                "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<17 { try chunked.send("10000\r\n" + String(repeating: "b", count: 65_536) + "\r\n") }
            #expect(try chunked.response().status == 413)

            let allowed = try running.ask("POST", "/debug/pprof/symbol", body: String(repeating: "c", count: 1 << 20))
            #expect(allowed.status == 200)
        }
    }

    @Test func aClientThatAsksIsToldToContinue() async throws {
        try await RunningServer.with { running in
            let client = try running.client()
            try client.send(
                "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
            )
            #expect(try client.response().status == 100)
            try client.send("0x1")
            #expect(try client.response().status == 200)
        }
    }

    @Test func slowClientsAreCutOff() async throws {
        var limits = Limits()
        (limits.idleMilliseconds, limits.requestMilliseconds) = (1_500, 400)
        try await RunningServer.with(limits: limits) { running in
            let clock = ContinuousClock()
            let slow = try running.client()
            try slow.send("GET /healthz HTTP/1.1\r\nHost: loc")
            let start = clock.now
            #expect(try slow.isClosed())
            let slowTime = clock.now - start
            #expect(slowTime > .milliseconds(300) && slowTime < .milliseconds(1_400))

            let silent = try running.client()
            let silentStart = clock.now
            #expect(try silent.isClosed())
            #expect(clock.now - silentStart > .milliseconds(1_300))
        }
    }

    @Test func aClientThatDoesNotReadIsCutOff() async throws {
        var limits = Limits()
        limits.writeMilliseconds = 300
        try await RunningServer.with(limits: limits) { running in
            // More than the buffers of both ends hold (tcp_wmem is at most 4 MiB by default).
            running.source.answer(with: LargeProfile.make())
            let client = try RawClient(port: running.port, receiveBuffer: 16 << 10)
            try client.send(RawClient.request("GET", "/healthz"))
            #expect(try client.response().status == 200)
            try client.send(String(repeating: RawClient.request("GET", "/api/v1/profile"), count: 20))
            try await running.waitUntil { $0.server.openConnections == 0 }
            try await running.waitUntil { $0.budget.usedBytes == 0 }
            var answers = 0
            #expect(throws: ClientError.self) {
                while true {
                    _ = try client.response()
                    answers += 1
                }
            }
            #expect(answers < 20)
        }
    }

    @Test func tooManyConnectionsAreToldSo() async throws {
        var limits = Limits()
        limits.connections = 4
        try await RunningServer.with(limits: limits) { running in
            let clients = try (0..<4).map { _ in try running.client() }
            for client in clients {
                try client.send(RawClient.request("GET", "/healthz"))
                #expect(try client.response().status == 200)
            }
            let fifth = try running.client()
            let response = try fifth.response()
            #expect(response.status == 503 && response.text.contains("too many connections"))
            #expect(try fifth.isClosed())
            try clients[0].send(RawClient.request("GET", "/healthz", headers: ["Connection: close"]))
            _ = try clients[0].response()
            #expect(try clients[0].isClosed())
        }
    }

    @Test func recordingsWaitAndAreCapped() async throws {
        var limits = Limits()
        limits.recordings = 2
        let clock = TestClock()
        try await RunningServer.with(limits: limits, time: clock) { running in
            let waiting = try (0..<2).map { _ in try running.client() }
            for client in waiting { try client.send(RawClient.request("GET", "/debug/pprof/profile?seconds=5")) }
            try await running.waitUntil { $0.server.activeRecordings == 2 }
            #expect(
                try running.ask("GET", "/debug/pprof/profile?last=1s").status == 200, "history is answered meanwhile")
            let third = try running.ask("GET", "/debug/pprof/profile?seconds=5")
            #expect(third.status == 429 && third["x-go-pprof"] == "1" && third["retry-after"] != nil)
            running.source.advance(to: SampleProfile.start + 15_000_000_000)
            for client in waiting {
                let response = try client.response()
                #expect(response.status == 200 && response.body.starts(with: [0x1f, 0x8b]))
            }
            let query = try #require(running.source.queries.last)
            #expect(query.from == SampleProfile.start + 10_000_000_000 + Window.slack)
            #expect(query.to == SampleProfile.start + 15_000_000_000 - Window.slack)
        }
    }

    @Test func aClientThatLeavesFreesItsRecording() async throws {
        var limits = Limits()
        limits.recordings = 1
        try await RunningServer.with(limits: limits, time: TestClock()) { running in
            for _ in 0..<5 {
                do {
                    let client = try running.client()
                    try client.send(RawClient.request("GET", "/debug/pprof/profile?seconds=5"))
                    try await running.waitUntil { $0.server.activeRecordings == 1 }
                }
                try await running.waitUntil { $0.server.activeRecordings == 0 }
            }
        }
    }

    @Test func aStoreThatStandsStillEndsTheRecording() async throws {
        let clock = TestClock()
        try await RunningServer.with(time: clock) { running in
            let client = try running.client()
            try client.send(RawClient.request("GET", "/api/v1/profile?seconds=5"))
            let mover = Task {
                while !Task.isCancelled {
                    try await Task.sleep(for: .milliseconds(100))
                    clock.advance(6_000_000_000)
                }
            }
            let response = try client.response()
            mover.cancel()
            #expect(response.status == 503 && response.text.contains("ten seconds"))
        }
    }

    @Test func goToolPprofRecordsOverHTTP() async throws {
        guard let go = ExternalTool("go") else { return }
        try await RunningServer.with { running in
            running.source.followTheClock()
            for seconds in [1, 3] {
                let url = "http://127.0.0.1:\(running.port)/debug/pprof/profile?seconds=\(seconds)"
                let result = try go.run(["tool", "pprof", "-top", "-symbolize=remote", url])
                #expect(result.status == 0, "\(result.errors)")
                #expect(result.output.contains("work(int)"))
            }
            let refused = try go.run([
                "tool", "pprof", "-top", "http://127.0.0.1:\(running.port)/debug/pprof/profile?seconds=9999",
            ])
            #expect(refused.status != 0 && refused.errors.contains("whole number from 1 to 3600"), "\(refused.errors)")
        }
    }

    @Test func metricsAreCompressedAndNegotiated() async throws {
        guard let gzip = ExternalTool("gzip") else { return }
        try await RunningServer.with { running in
            let plain = try running.ask("GET", "/metrics")
            #expect(
                plain["content-type"] == "text/plain; version=0.0.4; charset=utf-8" && plain["content-encoding"] == nil)
            let packed = try running.ask("GET", "/metrics", headers: ["Accept-Encoding: gzip"])
            #expect(packed["content-encoding"] == "gzip")
            #expect(try gzip.run(["-dc"], input: packed.body).output == plain.text)
            let open = try running.ask(
                "GET", "/metrics", headers: ["Accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1"])
            #expect(open["content-type"]?.hasPrefix("application/openmetrics-text; version=1.0.0") == true)
            #expect(open.text.hasSuffix("# EOF\n"))
        }
    }

    @Test func runEndsWithItsTask() async throws {
        let running = try await RunningServer()
        let task = Task { try await running.server.run() }
        let client = try running.client()
        try client.send(RawClient.request("GET", "/healthz"))
        #expect(try client.response().status == 200)
        task.cancel()
        try await task.value
        #expect(try client.isClosed())
        #expect(throws: (any Error).self) { try running.client() }
    }
}
