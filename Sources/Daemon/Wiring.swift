import Configuration
import Exporter
import Glibc
import Logging
import Model
import Platform
import Sampler
import ServiceLifecycle
import Store
import Symbols
import UnixSignals
import Unwinder

/// Joins all stages: the only file that knows them all.
struct Wiring {
    private let settings: Configuration
    private let options: DaemonOptions
    private let threshold: LogThreshold
    private let logger: Logger
    private let manager = ServiceManager()
    private let abilities: MachineAbilities
    private let roots: ProcRoot

    init(settings: Configuration, options: DaemonOptions, threshold: LogThreshold, logger: Logger) throws {
        self.settings = settings
        self.options = options
        self.threshold = threshold
        self.logger = logger
        roots = ProcRoot(proc: settings.paths.proc, sys: settings.paths.sys)
        OpenFileLimit.raise()
        abilities = MachineProbe(roots: roots, kallsyms: settings.paths.kallsymsFile).run()
        for finding in abilities.limited {
            let level: Logger.Level = finding.ability == .sampleEverything ? .warning : .notice
            logger.log(
                level: level, "limited: \(finding.ability.rawValue)",
                metadata: ["detail": "\(finding.detail)", "mend": "\(finding.mend)"])
        }
    }

    func run() async throws {
        let budgets = Budgets(settings.memory)
        let wake = try WakeSignal()
        let store = Store(
            retention: settings.windows.retention.nanoseconds, budget: budgets.store, time: SystemTime(),
            slotClosed: { wake.send() })
        let events = EventRing()
        let health = DaemonHealth(store: store)
        let sources = NameSources(
            limit: openFiles, kallsyms: settings.paths.kallsymsFile,
            debugDirectories: settings.symbols.debugDirectories)
        let symbolizer = Symbolizer(
            .init(executable: "/proc/self/exe", arguments: [Hearthd.symbolizerArgument]), budget: budgets.symbols)
        let namer = Namer(store: store, symbolizer: symbolizer, sources: sources, wake: wake)
        let decider = TargetDecider(settings.targets.rules)
        let sampler = try makeSampler(store, budgets, health, sources, decider)
        let metrics = SelfMetrics(
            roots: roots, budgets: budgets.all, counters: sampler?.counters ?? SamplerCounters(cpus: []),
            unwinding: sampler?.unwinding ?? UnwindCounters(),
            hertz: sampler == nil ? 0 : settings.sampling.hertz, rings: sampler?.rings ?? (0, 0),
            symbolizer: symbolizer, store: store, namer: namer)
        let server = ExporterServer(
            configuration: exporterConfiguration(), source: LiveTargets(store: store, roots: roots), series: store,
            events: events, metrics: [metrics, store], health: health, time: SystemTime(), logger: logger,
            budget: budgets.export)
        try await start(server)
        let rename = sampler?.renaming
        let status = sampler == nil ? "not sampling" : "sampling"
        var loop: SamplerLoop?
        if let sampler { loop = SamplerLoop(sampler) }
        begin(loop, health, status: status)
        let reloader = Reloader(
            options: options, settings: settings, threshold: threshold, decider: decider, rename: rename,
            metrics: metrics, manager: manager, status: status, events: events, logger: logger)
        events.note(HostEvent(time: SystemTime().wall(), kind: .start, text: "hearthd \(Version.text) started"))
        try await serve(loop: loop, namer: namer, server: server, health: health, reloader: reloader)
    }

    private func start(_ server: ExporterServer) async throws {
        do {
            try await server.start()
        } catch {
            throw StartFailure(description: "\(error)")
        }
    }

    /// The manager hears of the start when the first ring was read, without a sampler at once.
    private func begin(_ loop: SamplerLoop?, _ health: DaemonHealth, status: String) {
        guard let loop else {
            manager.ready(status: status)
            return
        }
        loop.start { [manager, logger] in
            health.didStart()
            OwnMemory.dropCode()
            logger.info("sampling")
            manager.ready(status: status)
        }
    }

    private func serve(
        loop: SamplerLoop?, namer: Namer, server: ExporterServer, health: DaemonHealth, reloader: Reloader
    ) async throws {
        // Stopped in reverse: first the sampler, then its names, then the readers, last the word to the manager.
        var services: [any Service] = [
            ManagerService(manager: manager, health: health, logger: logger), reloader,
            ExporterService(server: server), NamerService(namer: namer),
        ]
        if let loop { services.append(SamplerService(loop: loop)) }
        let configurations = services.map { service in
            ServiceGroupConfiguration.ServiceConfiguration(
                service: service, successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup)
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: configurations, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        logger.info("ended")
    }

    // MARK: Stages

    /// Descriptors of target files: each sampled module takes up to seven in the sampler and the namer together.
    private var openFiles: Int { min(1024, Int(clamping: abilities.openFiles.soft ?? 8192) / 8) }

    /// The sampler; `nil` where the kernel lets nothing be sampled at all.
    private func makeSampler(
        _ store: Store, _ budgets: Budgets, _ health: DaemonHealth, _ sources: NameSources, _ decider: TargetDecider
    ) throws -> sending HostSampler? {
        let cpus = abilities.onlineCPUs.map { Int32($0) }
        let hooks = HostSampler.Hooks(
            pinned: { module in
                store.setModule(module.id, module.info)
                sources.add(module)
            },
            decide: { decider.decide($0) },
            drained: { health.drained(at: $0) })
        if let own = abilities.limited.first(where: { $0.ability == .sampleOwn }) {
            return giveUp("\(own.detail). \(own.mend)", health)
        }
        do {
            let sampler = try HostSampler(
                settings: samplerSettings(), cpus: cpus, sink: store, budget: budgets.sampler,
                unwindBudget: budgets.unwind, sinkBudget: budgets.store,
                hooks: hooks)
            let (bytes, count) = sampler.rings
            logger.info("rings open", metadata: ["rings": "\(count)", "bytes_each": "\(bytes)"])
            return sampler
        } catch {
            let mend = abilities.limited.first { $0.ability == .sampleEverything }?.mend ?? ""
            guard !abilities.can(.sampleEverything) else {
                throw StartFailure(description: "perf events cannot be opened: \(error). \(mend)")
            }
            return giveUp("perf events cannot be opened: \(error). \(mend)", health)
        }
    }

    /// Serves on without samples, and says so.
    private func giveUp(_ reason: String, _ health: DaemonHealth) -> HostSampler? {
        health.cannotSample(reason)
        logger.error("nothing is sampled", metadata: ["reason": "\(reason)"])
        return nil
    }

    private func samplerSettings() -> SamplerSettings {
        var sampler = SamplerSettings()
        sampler.hertz = settings.sampling.hertz
        sampler.jitter = settings.sampling.jitter
        sampler.wakeup = settings.sampling.wakeup == .batched ? .batched : .immediate
        sampler.requestedRingBytes = settings.sampling.ringBytes
        sampler.stackBytes = UInt32(settings.sampling.stackDumpBytes)
        sampler.verifyEvery = settings.unwinder.verifyEvery
        sampler.userOnly = !settings.sampling.kernelStacks || !abilities.can(.sampleKernel)
        sampler.procRoot = settings.paths.proc
        sampler.cgroupRoot = settings.paths.cgroup ?? abilities.cgroupRoot ?? ""
        sampler.openFiles = openFiles
        if !abilities.can(.sampleEverything) {
            let descriptors = Int(clamping: abilities.openFiles.soft ?? 8192)
            sampler.scope = .own(
                procRoot: settings.paths.proc, tasks: descriptors / 2 / max(1, abilities.onlineCPUs.count))
        }
        return sampler
    }

    private func exporterConfiguration() -> ExporterConfiguration {
        var limits = Limits()
        limits.recordings = settings.http.maxRecordings
        return ExporterConfiguration(
            listeners: Listeners.all(settings, manager: manager, logger: logger), hostNames: settings.http.allowedHosts,
            limits: limits, commandLine: CommandLine.arguments)
    }
}

/// One budget for each stage.
struct Budgets {
    let sampler = StageBudget(.sampler, bytes: 4 << 20)
    let unwind: StageBudget
    let symbols: StageBudget
    let store: StageBudget
    let export = StageBudget(.export, bytes: 32 << 20)

    init(_ memory: Configuration.Memory) {
        unwind = StageBudget(.unwind, bytes: memory.unwindBytes)
        symbols = StageBudget(.symbols, bytes: memory.symbolsBytes)
        store = StageBudget(.store, bytes: memory.storeBytes)
    }

    var all: [StageBudget] { [sampler, unwind, symbols, store, export] }
}

extension Duration {
    /// Whole nanoseconds, 0 for negative ones.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000)
    }
}
