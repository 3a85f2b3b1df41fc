import Configuration
import Logging
import Model
import Platform
import ServiceLifecycle
import UnixSignals

/// Reads the configuration again at SIGHUP and applies what can change while running: target rules and the log level.
/// A file with mistakes changes nothing.
struct Reloader: Service {
    let options: DaemonOptions
    let settings: Configuration
    let threshold: LogThreshold
    let decider: TargetDecider
    let rename: (@Sendable () -> Void)?
    let metrics: SelfMetrics
    let manager: ServiceManager
    /// What the manager shows while all is well.
    let status: String
    let events: any EventSink
    let logger: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() { reload() }
    }

    private func reload() {
        manager.reloading()
        do throws(ConfigurationProblems) {
            apply(try options.configuration())
            metrics.noteReload(successful: true)
            note("configuration read again")
            logger.info("configuration reloaded")
        } catch {
            metrics.noteReload(successful: false)
            note("configuration has mistakes and was not taken over")
            for problem in error.problems { logger.error("configuration not reloaded: \(problem)") }
        }
        manager.ready(status: status)
    }

    private func note(_ text: String) {
        events.note(HostEvent(time: SystemTime().wall(), kind: .reload, text: text))
    }

    private func apply(_ new: Configuration) {
        threshold.set(Logger.Level(new.log.level))
        decider.replace(new.targets.rules)
        rename?()
        var same = new
        same.log = settings.log
        same.targets = settings.targets
        if same != settings { logger.warning("some changed settings take effect at the next start only") }
    }
}
