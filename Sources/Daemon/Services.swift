import Exporter
import Logging
import Model
import Platform
import Sampler
import ServiceLifecycle
import Synchronization

/// Runs the sampler on a thread of its own until the group stops. Its failure ends the daemon.
struct SamplerService: Service {
    let loop: SamplerLoop

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await loop.ended()
        } onGracefulShutdown: {
            loop.stop()
        }
    }
}

/// Runs the name thread; stops after the sampler, so that the last slot gets its names.
struct NamerService: Service {
    let namer: Namer

    func run() async throws {
        let thread = PlatformThread(name: "hearth-namer") { namer.run() }
        try? await gracefulShutdown()
        namer.end()
        thread.join()
    }
}

/// Serves until the group stops.
struct ExporterService: Service {
    let server: ExporterServer

    func run() async throws {
        try? await gracefulShutdown()
        await server.shutdown()
    }
}

/// Tells the service manager: ready, alive, stopping.
struct ManagerService: Service {
    let manager: ServiceManager
    let health: DaemonHealth
    let logger: Logger

    func run() async throws {
        defer { manager.stopping() }
        let interval = manager.watchdogInterval.map { $0 / 3 } ?? .seconds(60)
        let watched = manager.watchdogInterval != nil
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await gracefulShutdown() }
            group.addTask {
                while !Task.isCancelled {
                    if watched { beat() }
                    try? await Task.sleep(for: interval)
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func beat() {
        if let reason = health.unhealthy {
            logger.error("watchdog not served", metadata: ["reason": "\(reason)"])
        } else {
            manager.keepAlive()
        }
    }
}
