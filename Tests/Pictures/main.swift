import Foundation
import Glibc
import TestKit

/// Takes the pictures of the documentation: a daemon samples this machine while programs of several languages work, and
/// a browser looks at it. Run by scripts/pictures.
///
///     hearth-pictures HEARTHD SOURCES FOLDER SECONDS
struct Pictures {
    let browser: Browser
    let folder: String
    let port: Int

    /// Programs that are at work, those only whose interpreter or compiler is installed.
    static func startPrograms(_ sources: String, in scratch: TemporaryDirectory) throws -> [RunningServer] {
        let ledger = scratch.appending("ledger")
        _ = try Command.output("gcc", ["-O2", "-g", "-o", ledger, "\(sources)/ledger.c"])
        var programs = [try RunningServer(ledger, [], log: scratch.appending("ledger.log"))]
        let compile = "while :; do g++ -O1 -c '\(sources)/report.cpp' -o '\(scratch.path)/report.o'; sleep 2; done"
        let swift = "while :; do swiftc -O '\(sources)/../swift/split.swift' -o '\(scratch.path)/split'; sleep 3; done"
        for (tool, arguments) in [
            ("python3", ["\(sources)/orders.py"]), ("node", ["\(sources)/prices.js"]), ("bash", ["-c", compile]),
            ("bash", ["-c", swift]),
        ] {
            switch ExternalTool.find(tool) {
            case .success(let path):
                programs.append(
                    try RunningServer(path, arguments, log: scratch.appending("\(tool)-\(programs.count).log")))
            case .failure(let reason): print("without \(tool): \(reason)")
            }
        }
        return programs
    }

    /// Opens the page at an address, in one scheme, and stores what is seen.
    func take(_ name: String, _ address: String, scheme: String = "light", then act: () throws -> Void = {}) throws {
        try browser.driver.prefer(scheme: scheme)
        try browser.openPage(port: port, address)
        try browser.wait("page.timeline.scale && page.targets.lines.size > 2")
        try act()
        try browser.wait("page.viewer.material && page.viewer.work.getAttribute('aria-busy') === 'false'")
        try store(name)
    }

    func store(_ name: String) throws {
        try browser.driver.screenshot().write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        print("\(folder)/\(name)")
    }

    /// A window of some seconds before the change against one after it.
    func comparison(of target: String, change: Double) -> String {
        let fields = ["from": change + 4, "to": change + 64, "baseFrom": change - 64, "baseTo": change - 4]
        return "#target=\(target)&view=flame&last=&"
            + fields.map { "\($0.key)=\(Int($0.value))" }.joined(separator: "&")
    }

    func takeAll(change: Double) throws {
        try take("page.png", "#target=all&last=5m")
        try take("diff-dark.png", comparison(of: "ledger", change: change), scheme: "dark")
        try take("table.png", "#target=all&last=5m&view=table")
        try browser.driver.prefer(scheme: "light")
        try browser.openDocument("http://127.0.0.1:\(port)/api/v1/profile?target=all&last=5m&format=html")
        try store("flame.png")
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 5, let seconds = UInt32(arguments[4]) else {
    print("usage: hearth-pictures HEARTHD SOURCES FOLDER SECONDS")
    exit(2)
}
/// In a function, so that all that was started is ended, however it goes.
func takePictures() throws {
    let scratch = try TemporaryDirectory()
    let port = try FreePort.take()
    let daemon = try RunningServer(
        arguments[1], ["--listen", "127.0.0.1:\(port)", "--state-dir", scratch.appending("state")],
        log: scratch.appending("hearthd.log"))
    let programs = try Pictures.startPrograms(arguments[2], in: scratch)
    // Windows on both sides of a change, as long as they are shown.
    sleep(seconds / 2)
    programs[0].signal(SIGUSR1)
    let change = Date().timeIntervalSince1970
    sleep(seconds / 2)
    guard daemon.isRunning else { throw CommandFailure(description: "hearthd ended: \(daemon.log)") }
    try Pictures(browser: try Browser(), folder: arguments[3], port: port).takeAll(change: change)
    withExtendedLifetime((daemon, programs)) {}
}

do {
    try takePictures()
} catch {
    print("hearth-pictures: \(error)")
    exit(1)
}
