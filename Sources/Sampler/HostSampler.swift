import Binary
import Glibc
public import Model
public import Platform
import Synchronization
public import Unwinder

/// Samples the host: opens the rings, follows all processes, walks each sample and hands it to the sink.
///
/// Everything but `stop` happens on the thread that calls `run`.
public final class HostSampler {
    private let settings: SamplerSettings
    private let sink: any SampleSink
    private let group: RingGroup
    private let modules: ModuleTable
    private let processes: ProcessTable
    private let targets: TargetResolver
    private let walker: StackWalker
    private let deep: DeepStacks
    private let cache: BlockCache
    private let stopper: StopSignal
    private let budget: StageBudget
    /// What was counted since the start.
    public let counters: SamplerCounters
    /// What unwinding counted since the start.
    public let unwinding: UnwindCounters
    private let drained: (UInt64) -> Void
    private let sinkBudget: StageBudget?
    private let timer: StageTimer
    private let isRenaming = Flag()
    /// Whether only a part of the host's samples is wanted: tasks that nobody knows are not in it.
    private let isTree: Bool
    private var lastTime: UInt64 = 0
    private var drainedAt: UInt64 = 0
    private var pruneAt = 1 << 14

    /// What the sampler tells and asks besides samples.
    public struct Hooks {
        /// A module was sampled for the first time.
        public var pinned: (PinnedModule) -> Void
        /// Names a target or excludes it.
        public var decide: (ProcessFacts) -> TargetAssignment
        /// The rings were read up to a time (CLOCK_MONOTONIC ns).
        public var drained: (UInt64) -> Void

        /// Everything that one sampler needs from outside.
        public init(
            pinned: @escaping (PinnedModule) -> Void, decide: @escaping (ProcessFacts) -> TargetAssignment,
            drained: @escaping (UInt64) -> Void = { _ in }
        ) {
            self.pinned = pinned
            self.decide = decide
            self.drained = drained
        }
    }

    /// Opens the rings, stopped.
    ///
    /// - Parameters:
    ///   - unwindBudget: bytes for the blocks of target files; charged with the time of walking.
    ///   - sinkBudget: charged with the time that the sink takes.
    /// - Throws: the error of perf_event_open or mmap when not even the smallest ring can be had.
    public init(
        settings: SamplerSettings, cpus: [Int32], sink: any SampleSink, budget: StageBudget,
        unwindBudget: StageBudget, sinkBudget: StageBudget? = nil, hooks: Hooks
    ) throws(Errno) {
        self.settings = settings
        self.sink = sink
        self.budget = budget
        cache = BlockCache(bytes: unwindBudget.limitBytes)
        timer = StageTimer(unwindBudget)
        let engine = UnwindEngine(verifyEvery: settings.verifyEvery)
        unwinding = engine.counters
        unwindBudget.usedBytes = cache.capacityBytes + engine.byteCount
        self.sinkBudget = sinkBudget
        drained = hooks.drained
        if case .tree = settings.scope { isTree = true } else { isTree = false }
        group = try RingGroup(cpus: cpus, settings: settings)
        counters = SamplerCounters(cpus: cpus)
        stopper = try StopSignal()
        let opener = ModuleOpener(procRoot: settings.procRoot, cache: cache)
        modules = ModuleTable(opener: opener, openLimit: settings.openFiles, announce: hooks.pinned)
        processes = ProcessTable(procRoot: settings.procRoot, modules: modules, scope: settings.scope)
        targets = TargetResolver(
            procRoot: settings.procRoot, cgroupRoot: settings.cgroupRoot, decide: hooks.decide)
        let walk = UserWalk(engine: engine)
        deep = DeepStacks(walk: walk, counters: counters.deep)
        walker = StackWalker(walk: walk, deep: deep)
        processes.retire = { [sink] in sink.retire($0) }
    }

    /// Bytes of each ring, and how many rings there are.
    public var rings: (bytes: Int, count: Int) { (group.ringBytes, group.lanes.count) }

    /// A handle that ends `run` from any thread.
    public var stop: StopSignal { stopper }

    /// Asks for the targets of all processes anew, because the rules changed. May be called from any thread.
    public var renaming: @Sendable () -> Void {
        let flag = isRenaming
        return { flag.value.store(true, ordering: .relaxed) }
    }

    private final class Flag: Sendable {
        let value = Atomic(false)
    }

    /// Samples until stopped, or until the one process that is sampled has ended.
    ///
    /// - Parameter started: called once sampling runs and all processes were read.
    public func run(started: () -> Void) throws(Errno) {
        PlatformThread.preferLowLatency()
        // Without the bell, stacks that are deeper than their dump are completed when their batch comes.
        try? group.hangBell()
        try group.enable()
        targets.cgroups.scan()
        processes.scan()
        started()
        var isStopping = false
        while !isStopping {
            let wake = group.wait(milliseconds: pause, extra: stopper.number)
            isStopping = wake.isStopped || group.hasEnded
            let before = SystemTime.threadCPU()
            captureDeep()
            if isStopping || !wake.isBellOnly || deep.isFull { drain(all: isStopping) }
            let used = SystemTime.threadCPU() &- before
            budget.charge(cpuNanoseconds: used &- min(used, timer.takeCharged()))
        }
    }

    /// Reads on above the dumps of deep threads that were sampled just now; the samples themselves wait for their turn.
    private func captureDeep() {
        guard deep.isActive else { return }
        group.preview { record in
            if let sample = CutSample(record) { deep.capture(sample) }
        }
    }

    /// Longest wait in ms. The bell does not empty the rings, unless what it captured gets too much: what waits for its turn
    /// is bounded by time instead. Drains must not follow ticks, which the bell does: the period changes at drains.
    private var pause: Int32 {
        guard deep.isActive else { return 250 }
        let passed = SystemTime().monotonic() &- drainedAt
        return passed >= Self.deepPause ? 0 : Int32((Self.deepPause - passed) / 1_000_000 + 1)
    }
    private static let deepPause: UInt64 = 50_000_000

    /// Samples that are younger than this stay in the rings: a record of another CPU with an earlier time may still be
    /// on its way into its ring.
    private static let settleTime: UInt64 = 1_000_000
    private static let jitterAge: UInt64 = 250_000_000

    private func drain(all: Bool) {
        if isRenaming.value.exchange(false, ordering: .relaxed) { processes.forgetTargets() }
        let now = SystemTime().monotonic()
        drainedAt = now
        let limit = all ? now : now &- Self.settleTime
        unsafe group.drain(before: limit) { bytes, lane in unsafe handle(bytes, lane: lane) }
        counters.drains.add()
        deliver(to: limit)
        drained(limit)
        deep.drained(before: limit)
        group.calm(since: limit &- DeepThreads.hold)
        if !deep.isActive { walker.trim() }
        processes.bury(before: limit)
        group.jitter(olderThan: Self.jitterAge)
        pruneModules()
    }

    /// Lets the sink take over what came; its time is the sink's, not the sampler's.
    private func deliver(to limit: UInt64) {
        let before = SystemTime.threadCPU()
        sink.advance(to: limit)
        guard let sinkBudget else { return }
        let used = SystemTime.threadCPU() &- before
        sinkBudget.charge(cpuNanoseconds: used)
        timer.note(charged: used)
    }

    private func handle(_ bytes: UnsafeRawBufferPointer, lane: Int) {
        let time = group.lanes[lane].front?.time ?? 0
        if time < lastTime { counters.late.add() } else { lastTime = time }
        // SAFETY: the bytes are the ring's and are not kept beyond this call.
        switch unsafe PerfRecord(bytes) {
        case .sample(let sample): handle(sample, lane: lane)
        case .mapping(let record): processes.apply(record, at: time)
        case .name(let record): processes.apply(record, at: time)
        case .fork(let record): processes.fork(record)
        case .exit(let record): processes.exit(record)
        case .cgroup(let id, let path): targets.cgroups.add(id: id, path: path)
        case .lost(let count), .lostSamples(let count):
            counters.addLost(count, lane: lane)
            sink.addLost(count, at: time)
        case .throttled: counters.addThrottled(lane: lane)
        case .unthrottled, .other: break
        }
    }

    private func handle(_ sample: SampleRecord, lane: Int) {
        let process = processes.process(sample.pid)
        if process.map({ !$0.isInScope }) ?? isTree { return }
        counters.samples.add()
        guard let context = context(of: sample, in: process) else {
            counters.excluded.add()
            return
        }
        let end = timer.time { walker.walk(sample, of: process) }
        if case .broken(let reason) = end { counters.addBroken(reason) }
        if deep.isDeep(sample), group.noteDeep(lane: lane, at: sample.time) { counters.deep.switches.add() }
        let weight = Double(group.lanes[lane].schedule.weight(at: sample.time))
        sink.add(
            WalkedSample(kind: .cpu, time: sample.time, context: context, end: end, weight: weight),
            frames: walker.frames)
    }

    /// The context of a sample; `nil` if its target is excluded.
    private func context(of sample: SampleRecord, in process: Process?) -> ContextID? {
        guard let process else { return goneContext(sample) }
        if process.cgroup != sample.cgroup {
            process.cgroup = sample.cgroup
            process.target = nil
        }
        if process.target == nil { decideTarget(of: process) }
        guard case .name(let target) = process.target else { return nil }
        let thread = process.thread(sample.tid)
        if let known = thread.context { return known }
        let context = SampleContext(
            target: target, process: process.key, tid: sample.tid, thread: thread.name, comm: process.name,
            executable: process.executable, unit: process.group.unit, container: process.group.container)
        let id = sink.intern(context)
        process.setContext(id, thread: sample.tid)
        return id
    }

    /// Contexts state the target, so all threads get new ones.
    private func decideTarget(of process: Process) {
        let (decision, group) = targets.resolve(process)
        process.target = decision
        process.group = group
        for context in process.takeContexts() { sink.retire(context) }
    }

    private lazy var gone = sink.intern(
        SampleContext(
            target: "unknown", process: ProcessKey(pid: -1, start: 0), tid: -1, thread: "unknown", comm: "unknown"))

    /// A task that is neither known nor in /proc: it was on its last instructions.
    private func goneContext(_ sample: SampleRecord) -> ContextID { gone }

    private func pruneModules() {
        guard modules.count > pruneAt else { return }
        modules.prune(keeping: processes.livingModules())
        pruneAt = max(1 << 14, modules.count * 2)
    }
}
