import Glibc
import Model
import Platform
import Sampler
import Store
import Symbols
import Synchronization
import Unwinder

/// What the daemon says about itself.
final class SelfMetrics: MetricSource {
    private let roots: ProcRoot
    private let budgets: [StageBudget]
    private let counters: SamplerCounters
    private let unwinding: UnwindCounters
    private let hertz: Int
    private let rings: (bytes: Int, count: Int)
    private let symbolizer: Symbolizer
    private let store: Store
    private let namer: Namer
    private let startTime = SystemTime().wall()
    private let reload = Mutex<(successful: Bool, time: Int64)>((true, SystemTime().wall()))

    init(
        roots: ProcRoot, budgets: [StageBudget], counters: SamplerCounters, unwinding: UnwindCounters, hertz: Int,
        rings: (bytes: Int, count: Int), symbolizer: Symbolizer, store: Store, namer: Namer
    ) {
        self.roots = roots
        self.budgets = budgets
        self.counters = counters
        self.unwinding = unwinding
        self.hertz = hertz
        self.rings = rings
        self.symbolizer = symbolizer
        self.store = store
        self.namer = namer
    }

    /// Notes the outcome of a reload of the configuration.
    func noteReload(successful: Bool) {
        reload.withLock { state in
            state.successful = successful
            if successful { state.time = SystemTime().wall() }
        }
    }

    func collect() -> [MetricFamily] {
        process() + sampling() + unwinding.families + stages() + names() + lines() + configuration()
    }

    private func process() -> [MetricFamily] {
        let usage = OwnUsage.read(roots)
        return [
            .single(
                "process_cpu_seconds_total", .counter, help: "CPU time of the daemon, user and system.",
                Double(SystemTime.processCPU()) / 1e9),
            .single("process_resident_memory_bytes", .gauge, help: "Resident memory of the daemon.", usage.resident),
            .single("process_virtual_memory_bytes", .gauge, help: "Address space of the daemon.", usage.virtual),
            .single("process_open_fds", .gauge, help: "Descriptors that the daemon holds.", usage.openFiles),
            .single("process_max_fds", .gauge, help: "Descriptors that the daemon may hold.", usage.maximumFiles),
            .single(
                "process_start_time_seconds", .gauge, help: "Start of the daemon, seconds since the Unix epoch.",
                Double(startTime) / 1e9),
        ]
    }

    private func sampling() -> [MetricFamily] {
        var lost = MetricFamily(
            "hearth_samples_lost_total", .counter, help: "Records that found no room in the ring of their CPU.")
        for (cpu, count) in counters.lostByCPU {
            lost.add(Double(count), MetricLabel("reason", "ring_full"), MetricLabel("cpu", "\(cpu)"))
        }
        var throttled = MetricFamily(
            "hearth_throttled_total", .counter, help: "Times that the kernel paused sampling on a CPU.")
        for (cpu, count) in counters.throttledByCPU { throttled.add(Double(count), MetricLabel("cpu", "\(cpu)")) }
        var broken = MetricFamily(
            "hearth_stacks_broken_total", .counter, help: "Stacks whose walk broke off, by reason.")
        for (reason, count) in counters.brokenByReason {
            broken.add(Double(count), MetricLabel("reason", reason.rawValue))
        }
        return [
            .single("hearth_samples_total", .counter, help: "Samples taken.", Double(counters.samples.value)), lost,
            throttled, broken,
            .single(
                "hearth_samples_excluded_total", .counter, help: "Samples of targets that a rule excludes.",
                Double(counters.excluded.value)),
            .single(
                "hearth_records_late_total", .counter,
                help: "Records that came after younger ones of another CPU had been used.",
                Double(counters.late.value)),
            deepStacks(),
            .single(
                "hearth_deep_stack_reads_total", .counter, help: "Calls of process_vm_readv for deep stacks.",
                Double(counters.deep.reads.value)),
            .single(
                "hearth_deep_stack_read_bytes_total", .counter, help: "Bytes that those calls copied.",
                Double(counters.deep.bytesRead.value)),
            .single("hearth_sample_hertz", .gauge, help: "Samples per second and CPU.", Double(hertz)),
        ]
    }

    private func deepStacks() -> MetricFamily {
        var deep = MetricFamily(
            "hearth_deep_stacks_total", .counter,
            help: "Stacks deeper than their dump, by what came of them; read and spliced ones are completed.")
        for (outcome, count) in counters.deep.byOutcome { deep.add(Double(count), MetricLabel("outcome", outcome)) }
        return deep
    }

    private func stages() -> [MetricFamily] {
        var cpu = MetricFamily(
            "hearth_cpu_seconds_total", .counter, help: "CPU time of a stage, the symbolizer's child included.")
        var memory = MetricFamily("hearth_memory_bytes", .gauge, help: "Memory held by a component.")
        for budget in budgets {
            cpu.add(Double(budget.cpuNanoseconds) / 1e9, MetricLabel("stage", budget.stage.rawValue))
            memory.add(Double(budget.usedBytes), MetricLabel("component", budget.stage.rawValue))
        }
        memory.add(Double(counters.deep.heldBytes), MetricLabel("component", "deep_stacks"))
        memory.add(Double(rings.bytes * rings.count), MetricLabel("component", "rings"))
        memory.add(Double(symbolizer.childResidentBytes), MetricLabel("component", "symbolizer_child"))
        return [cpu, memory]
    }

    private func names() -> [MetricFamily] {
        func counter(_ name: String, _ help: String, _ counter: EventCounter) -> MetricFamily {
            .single(name, .counter, help: help, Double(counter.value))
        }
        let maintenance = store.maintenance
        return [
            counter("hearth_symbol_lookups_total", "Addresses that names were asked for.", symbolizer.lookups),
            counter("hearth_symbol_cache_hits_total", "Addresses named without the child.", symbolizer.hits),
            counter("hearth_symbolizer_starts_total", "Starts of the symbolizer's child.", symbolizer.starts),
            counter("hearth_symbolizer_crashes_total", "Crashes of the symbolizer's child.", symbolizer.crashes),
            counter("hearth_symbolizer_timeouts_total", "Requests that took too long.", symbolizer.timeouts),
            counter("hearth_symbolizer_quarantined_total", "Modules put in quarantine.", symbolizer.quarantines),
            .single(
                "hearth_store_slots_dropped_total", .counter,
                help: "Seconds of history dropped early because the memory budget was used up.",
                Double(maintenance.droppedForSpace)),
        ]
    }

    private func lines() -> [MetricFamily] {
        let results = symbolizer.lineResults
        let queue = namer.lineQueue
        var located = MetricFamily(
            "hearth_frames_located_total", .counter,
            help: "Addresses by what became of the question for their source line.")
        for result in LineResult.allCases {
            located.add(Double(results.count(result)), MetricLabel("result", result.rawValue))
        }
        return [
            located,
            .single(
                "hearth_frames_inlined_total", .counter, help: "Located addresses at which calls were inlined.",
                Double(results.inlined.value)),
            .single(
                "hearth_frames_unlocated", .gauge, help: "Named addresses that wait for their source line.",
                Double(queue.waiting)),
            .single(
                "hearth_frames_unlocated_dropped_total", .counter,
                help: "Addresses left without a line because too many waited.", Double(queue.dropped)),
            .single(
                "hearth_lines_cpu_seconds_total", .counter,
                help: "CPU time for source lines, contained in that of the stage symbols.",
                Double(symbolizer.lineCPUNanoseconds.value) / 1e9),
        ]
    }

    private func configuration() -> [MetricFamily] {
        let (successful, time) = reload.withLock { $0 }
        var build = MetricFamily("hearth_build_info", .gauge, help: "Version of the daemon.")
        build.add(1, MetricLabel("version", Version.text))
        return [
            build,
            .single(
                "hearth_config_last_reload_successful", .gauge, help: "Whether the configuration was read last time.",
                successful ? 1 : 0),
            .single(
                "hearth_config_last_reload_success_timestamp_seconds", .gauge,
                help: "When the configuration was last read without an error.", Double(time) / 1e9),
        ]
    }
}

/// The daemon's own figures in /proc/self.
struct OwnUsage {
    var resident = 0.0
    var virtual = 0.0
    var openFiles = 0.0
    var maximumFiles = 0.0

    static func read(_ roots: ProcRoot) -> OwnUsage {
        var usage = OwnUsage()
        let page = Double(sysconf(Int32(_SC_PAGESIZE)))
        let fields = (ProcRoot().line("self/statm") ?? "").split(separator: " ").compactMap { Double(String($0)) }
        if fields.count > 1 {
            usage.virtual = fields[0] * page
            usage.resident = fields[1] * page
        }
        usage.openFiles = Double(openDescriptors())
        var limit = rlimit()
        // SAFETY: the struct outlives the call, which fills it.
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            usage.maximumFiles = Double(limit.rlim_cur)
        }
        return usage
    }

    private static func openDescriptors() -> Int {
        guard let directory = unsafe opendir("/proc/self/fd") else { return 0 }
        defer { unsafe closedir(directory) }
        var count = 0
        while unsafe readdir(directory) != nil { count += 1 }
        // `.`, `..` and the directory's own descriptor.
        return max(0, count - 3)
    }
}
