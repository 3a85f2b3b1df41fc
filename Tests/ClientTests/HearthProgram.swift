import Foundation
import Testing

/// The built client, run as a person or a script runs it.
struct HearthProgram {
    struct Outcome {
        var status: Int32
        var out: String
        var error: String
        var bytes: Data
    }

    /// Beside the test program.
    static let path = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "hearth").path

    static func run(
        _ arguments: [String], environment: [String: String] = [:], program: String = path, input: String = "",
        folder: String? = nil
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"].merging(environment) { _, new in new }
        if let folder { process.currentDirectoryURL = URL(filePath: folder) }
        let (out, error, standardInput) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = error
        process.standardInput = standardInput
        try process.run()
        standardInput.fileHandleForWriting.write(Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        // Little enough for a pipe: reading one after the other cannot block.
        let bytes = out.fileHandleForReading.readDataToEndOfFile()
        let errorBytes = error.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            out: String(decoding: bytes, as: UTF8.self), error: String(decoding: errorBytes, as: UTF8.self),
            bytes: bytes)
    }
}

/// A real HTTP server in a process of its own, on a port of its own or on a unix socket.
final class AnsweringServer {
    private let process = Process()
    let address: String

    /// What it says: the exporter's shapes, the request itself as a profile, and a status for each name `status-NNN`.
    private static let script = """
        import http.server, json, os, socket, socketserver, sys, time, urllib.parse
        TRUTH = dict(samples=900, lost=1, truncated=2, broken=3, unnamed=4, completed=0,
            from_unix_nanoseconds=0, to_unix_nanoseconds=10_000_000_000)
        def many(query):
            rows = [dict(function="fn-%03d" % i, module="asked-" + query["window"], self=(50 - i) * 1e8, total=i * 1e8,
                self_share=0.02, total_share=0.02) for i in range(50)]
            rows.sort(key=lambda row: -row[query["sort"]])
            return rows[:int(query["n"])]
        def difference(target):
            n = 0 if target == "idle" else 1
            def side(name, samples, lost, start, end, weight):
                return dict(target=name, seconds=300, weight=weight,
                    truth={"samples": samples * n, "lost": lost, "from": start, "to": end})
            def row(name, value, delta, margin, yes):
                bounds = dict(delta_self_low=delta - margin, delta_self_high=delta + margin,
                    delta_total_low=delta - margin, delta_total_high=delta + margin)
                return dict(bounds, function=name, module="app", self=value, total=value + 0.1 if value else 0,
                    delta_self=delta, delta_total=delta, significant=yes)
            rows = [row("hot_loop", 0.3, 0.2, 0.05, True), row("evil\\x1b[2J", 0, -0.1, 0.02, True),
                row("maybe", 0.01, 0.001, 0.05, False)]
            if target in ("same", "idle"): rows = []
            return dict(unit="cpus", differing_functions=len(rows), functions=rows,
                base=side(target, 900, 1, "B", "C", 150e9), to=side(target, 950, 2, "C", "D", 225e9))
        class Handler(http.server.BaseHTTPRequestHandler):
            def address_string(self): return "local"
            def log_message(self, *a): pass
            def send(self, code, body, cut=0):
                self.send_response(code)
                self.send_header("Content-Length", str(len(body) + cut))
                self.end_headers()
                self.wfile.write(body)
            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                target = query.get("target", "")
                if target.startswith("status-"):
                    code = int(target[7:])
                    self.send(code, json.dumps(dict(error="the error\\x1b[31m", hint="the hint")).encode())
                elif target == "cut":
                    self.send(200, b"abc", cut=10)
                elif target == "not-json":
                    self.send(200, b"<html>")
                elif url.path == "/readyz":
                    self.send(200, b"ok\\n")
                elif url.path == "/api/v1/targets":
                    self.send(200, json.dumps(dict(targets=[
                        dict(name="web.service", processes=3, runtime="python 3.11", cpus=1.25,
                            resident_bytes=3 << 20, samples_per_second=123.75, complete_share=0.9987, future=[1]),
                        dict(name="evil\\x1b[2J\\n", processes=1)])).encode())
                elif url.path == "/api/v1/hot":
                    truth = dict(TRUTH, samples=0) if target == "idle" else TRUTH
                    if target == "hang": time.sleep(60)
                    rows = many(query) if target == "many" else [] if target == "idle" else [
                        dict(function="hot_loop", module="/usr/bin/app", self=5e9, total=7.5e9, self_share=0.5,
                            total_share=0.75)]
                    self.send(200, json.dumps(dict(target=target, kind="cpu", truth=truth, total=10e9,
                        functions=rows)).encode())
                elif url.path == "/api/v1/diff" and query.get("format") == "json":
                    self.send(200, json.dumps(difference(target)).encode())
                elif url.path == "/api/v1/diff":
                    self.send(200, self.path.encode())
                elif url.path == "/api/v1/profile":
                    if "seconds" in query: time.sleep(min(2.2, int(query["seconds"])))
                    self.send(200, b"x" * int(target[4:]) if target.startswith("big-") else self.path.encode())
                else:
                    self.send(404, b"")
        class Unix(socketserver.ThreadingUnixStreamServer): pass
        if len(sys.argv) > 1:
            server, where = Unix(sys.argv[1], Handler), "unix:" + sys.argv[1]
        else:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            where = "http://127.0.0.1:%d" % server.server_address[1]
        print(where, flush=True)
        server.serve_forever()
        """

    init(socket: String? = nil) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", Self.script] + (socket.map { [$0] } ?? [])
        let out = Pipe()
        process.standardOutput = out
        try process.run()
        var line = Data()
        while line.last != UInt8(ascii: "\n") {
            let more = out.fileHandleForReading.availableData
            if more.isEmpty { break }
            line += more
        }
        address = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        try #require(!address.isEmpty, "the server did not start")
    }

    deinit {
        // Not SIGTERM: threads of a test runner block it, and a child inherits that.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// A folder that goes with its owner.
final class TemporaryFolder {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "hearth-client-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }
}
