import ArgumentParser
import Platform

/// `hearth doctor`.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what this machine allows, and the exact mend for what it does not.",
        discussion: """
            The machine is probed with the rights of whoever runs this; the daemon's own may be greater, and it is asked \
            for its state. Exits with 0 when a daemon is ready or this user may sample every process, else with 1.

            EXAMPLES
              hearth doctor
              sudo hearth doctor --json
            """)

    @OptionGroup var options: ServerOptions
    @Flag(help: "Print the findings as JSON.") var json = false
    @Option(help: .hidden) var procRoot = "/proc"
    @Option(help: .hidden) var sysRoot = "/sys"

    func run() throws {
        let found = MachineProbe(roots: ProcRoot(proc: procRoot, sys: sysRoot)).run()
        let state = DaemonState(try options.daemon())
        let text = json ? Self.json(found, state) : Self.text(found, state, options.paint)
        try Terminal.write(text)
        if !state.isReady, !found.can(.sampleEverything) { throw ExitCode(ExitStatus.answerIsNo.rawValue) }
    }

    static func text(_ found: MachineAbilities, _ state: DaemonState, _ paint: Paint) -> String {
        let capabilities = found.capabilities.effectiveNames
        let shown =
            capabilities.isEmpty
            ? "none" : capabilities.count > 30 ? "all but a few" : capabilities.joined(separator: " ")
        var text =
            "kernel \(Terminal.plain(found.kernelRelease)), \(found.onlineCPUs.count) CPUs, capabilities: \(shown)\n\n"
        let width = Ability.allCases.map(\.rawValue.count).max() ?? 0
        for finding in found.findings {
            let name = finding.ability.rawValue.padded(to: width)
            text += "\(finding.isAvailable ? paint.green("ok  ") : paint.red("no  "))\(name)  \(finding.detail)\n"
            if !finding.mend.isEmpty { text += "      mend: \(finding.mend)\n" }
        }
        let mark = state.isReady ? paint.green("ok  ") : paint.red("no  ")
        return text + "\n\(mark)\("hearthd".padded(to: width))  \(state.message)\n"
    }

    /// Field names are part of the contract of `--json`.
    static func json(_ found: MachineAbilities, _ state: DaemonState) -> String {
        func quoted(_ text: String) -> String { JSONText.quoted(text) }
        let findings = found.findings.map {
            "{\"ability\":\(quoted($0.ability.rawValue)),\"available\":\($0.isAvailable),"
                + "\"detail\":\(quoted($0.detail)),\"mend\":\(quoted($0.mend))}"
        }
        let names = found.capabilities.effectiveNames.map(quoted).joined(separator: ",")
        return "{\"kernel\":\(quoted(found.kernelRelease)),\"cpus\":\(found.onlineCPUs.count),"
            + "\"capabilities\":[\(names)],\"findings\":[\(findings.joined(separator: ","))],"
            + "\"daemon\":{\"ready\":\(state.isReady),\"message\":\(quoted(state.message))}}\n"
    }
}

/// What `/readyz` says, or why it could not be asked.
struct DaemonState {
    let isReady: Bool
    let message: String

    init(_ daemon: Daemon) {
        do throws(Failure) {
            let answer = try daemon.ask(HTTPRequest(path: "/readyz", seconds: 5))
            let said = String(decoding: answer.body.prefix(500), as: UTF8.self).split(separator: "\n").first ?? ""
            isReady = answer.status == 200
            message = isReady ? "ready" : "not ready: \(Terminal.plain(String(said))) (\(answer.status))"
        } catch {
            isReady = false
            message = error.message
        }
    }
}

/// Strings of JSON.
enum JSONText {
    /// With quotes and escapes.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension String {
    /// The text with blanks behind it.
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
