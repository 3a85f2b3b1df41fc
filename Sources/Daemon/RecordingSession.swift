import Configuration
import Glibc
import Model
import Platform
import Sampler
import Store
import Symbols
import UnixSignals

/// One recording without a daemon: the same stages, ended by the command, the time or a signal.
struct RecordingSession {
    /// What was recorded, and the status to end with.
    struct Outcome {
        var profile: Profile
        var status: Int32

        var summary: String {
            let truth = profile.truth
            let seconds = Double(profile.endTime - profile.startTime) / 1e9
            return "\(truth.samples) samples in about \(Int(seconds.rounded())) s, \(truth.lost) lost, "
                + "\(truth.truncated) truncated, \(truth.broken) broken, \(truth.unnamed) without a name"
        }
    }

    /// CPU time and questions for lines and inlined functions at the end, while the user waits.
    private static let lineTime: UInt64 = 2_000_000_000
    private static let lineQuestions = 4096

    private let options: RecordOptions
    private let store: Store
    private let namer: Namer
    private let loop: SamplerLoop
    private let command: GatedCommand?
    private let process: ProcessHandle

    /// What the picture is called.
    var title: String { options.command.isEmpty ? "pid \(process.pid)" : options.command.joined(separator: " ") }

    /// Starts the command, held back before its first instruction, and opens the rings.
    init(_ options: RecordOptions) throws {
        self.options = options
        OpenFileLimit.raise()
        let abilities = MachineProbe().run()
        command = options.command.isEmpty ? nil : try GatedCommand(options.command)
        guard let pid = command?.pid ?? options.pid, let handle = try? ProcessHandle(pid: pid) else {
            throw StartFailure(description: "there is no process \(options.pid ?? 0)")
        }
        process = handle
        let settings = Configuration()
        let budgets = Budgets(settings.memory)
        budgets.store.limitBytes = 256 << 20
        let wake = try WakeSignal()
        let store = Store(
            retention: 86_400_000_000_000, budget: budgets.store, time: SystemTime(), slotClosed: { wake.send() })
        let sources = NameSources(
            limit: 512, kallsyms: settings.paths.kallsymsFile, debugDirectories: settings.symbols.debugDirectories)
        let symbolizer = Symbolizer(
            .init(executable: "/proc/self/exe", arguments: [Hearthd.symbolizerArgument]), budget: budgets.symbols)
        namer = Namer(store: store, symbolizer: symbolizer, sources: sources, wake: wake)
        self.store = store
        loop = SamplerLoop(try Self.makeSampler(options, pid: pid, abilities, store, budgets, sources))
    }

    private static func makeSampler(
        _ options: RecordOptions, pid: Int32, _ abilities: MachineAbilities, _ store: Store, _ budgets: Budgets,
        _ sources: NameSources
    ) throws -> sending HostSampler {
        var settings = SamplerSettings()
        settings.hertz = options.hertz
        settings.scope = abilities.can(.sampleEverything) ? .tree(pid) : .processes([pid])
        settings.userOnly = !abilities.can(.sampleKernel)
        settings.cgroupRoot = abilities.cgroupRoot ?? ""
        let hooks = HostSampler.Hooks(
            pinned: { module in
                store.setModule(module.id, module.info)
                sources.add(module)
            },
            decide: { .name($0.defaultTarget) })
        do {
            return try HostSampler(
                settings: settings, cpus: abilities.onlineCPUs.map { Int32($0) }, sink: store,
                budget: budgets.sampler, unwindBudget: budgets.unwind, hooks: hooks)
        } catch {
            let mend = abilities.findings.first { $0.ability == .sampleOwn }?.mend ?? ""
            throw StartFailure(description: "perf events cannot be opened: \(error). \(mend)")
        }
    }

    /// Records until the command or process ends, the time is up, or SIGINT or SIGTERM comes.
    consuming func run() async throws -> Outcome {
        let (namer, command, process, store, loop) = (namer, command, process, store, loop)
        loop.start { command?.release() }
        let nameThread = PlatformThread(name: "hearth-namer") { namer.run() }
        let waiter = PlatformThread(name: "hearth-wait") { [seconds = options.seconds] in
            process.waitForEnd(seconds: seconds)
            loop.stop()
        }
        let signals = Task {
            for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { process.stopWaiting() }
        }
        try await loop.ended()
        process.stopWaiting()
        waiter.join()
        signals.cancel()
        store.flush()
        namer.end()
        nameThread.join()
        namer.locate(cpuLimit: Self.lineTime, questions: Self.lineQuestions)
        let status = command?.finish() ?? 0
        do {
            let profile = try store.profile(ProfileQuery(selector: .all, from: 0, to: .max))
            return Outcome(profile: profile, status: status)
        } catch {
            throw StartFailure(description: "nothing was recorded")
        }
    }
}
