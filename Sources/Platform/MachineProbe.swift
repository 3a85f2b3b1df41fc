import CPlatform
import Glibc

/// Finds out what this process may do, by trying it: sysctls and capabilities only explain a refusal.
public struct MachineProbe: Sendable {
    let roots: ProcRoot
    let kallsyms: String
    let tracefs: String

    /// - Parameter kallsyms: the table of kernel symbols; `nil`: the one of `roots`.
    public init(roots: ProcRoot = ProcRoot(), kallsyms: String? = nil) {
        self.roots = roots
        self.kallsyms = kallsyms ?? roots.proc + "/kallsyms"
        tracefs = roots.sys + "/kernel/tracing"
    }

    /// Takes some milliseconds; opens nothing that stays open.
    public func run() -> MachineAbilities {
        var found = MachineAbilities()
        found.kernelRelease = roots.line("sys/kernel/osrelease") ?? "unknown"
        found.onlineCPUs = onlineCPUs()
        found.capabilities = (try? CapabilitySets.own()) ?? found.capabilities
        found.perfEventParanoid = roots.number("sys/kernel/perf_event_paranoid")
        found.perfEventMlockKiB = roots.number("sys/kernel/perf_event_mlock_kb")
        found.kptrRestrict = roots.number("sys/kernel/kptr_restrict")
        found.ptraceScope = roots.number("sys/kernel/yama/ptrace_scope")
        found.lockedMemory = Self.limit(__RLIMIT_MEMLOCK)
        found.openFiles = Self.limit(RLIMIT_NOFILE)
        found.cgroupRoot = cgroupRoot()
        found.findings = Ability.allCases.map { judge($0, found) }
        return found
    }

    private func judge(_ ability: Ability, _ found: MachineAbilities) -> AbilityFinding {
        switch ability {
        case .sampleEverything, .sampleOwn, .sampleKernel, .hardwareCycles: judgePerf(ability, found)
        case .kernelSymbols: judgeKernelSymbols(found)
        case .readMemory: judgeMemory(found)
        case .readFiles: judgeFiles(found)
        case .tracepoints: judgeTracepoints()
        case .bpf: judgeBPF()
        case .lockedMemory: judgeLockedMemory(found)
        case .openFiles: judgeOpenFiles(found)
        case .cgroups: judgeCgroups(found)
        }
    }

    // MARK: facts

    /// `/sys/devices/system/cpu/online`: `0-3,8`; else the count of the C library.
    func onlineCPUs() -> [Int] {
        if let bytes = try? roots.readSys("devices/system/cpu/online", limit: 4096),
            let list = Self.parseCPUList(String(decoding: bytes, as: UTF8.self))
        {
            return list
        }
        return Array(0..<max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
    }

    /// Parses a list of CPUs (kernel documentation, admin-guide/cputopology.rst); `nil` if it is none, or names a CPU
    /// above 65,535.
    static func parseCPUList(_ text: String) -> [Int]? {
        var cpus: [Int] = []
        for part in text.trimmedLine.split(separator: ",") {
            let bounds = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { UInt16($0) }
            guard let first = bounds.first ?? nil, let last = bounds.last ?? nil, first <= last else { return nil }
            cpus.append(contentsOf: (Int(first)...Int(last)))
            if cpus.count > 65_536 { return nil }
        }
        return cpus.isEmpty ? nil : cpus
    }

    /// The first cgroup2 mount of `/proc/self/mountinfo` (proc(5)): the fifth field is the place, the one behind ` - `
    /// the type of the file system.
    func cgroupRoot() -> String? {
        guard let bytes = try? roots.read("self/mountinfo", limit: 4 << 20) else { return nil }
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: " "))
            guard let dash = fields.firstIndex(where: { $0.elementsEqual("-".utf8) }), dash >= 6,
                dash + 1 < fields.count, fields[dash + 1].elementsEqual("cgroup2".utf8)
            else { continue }
            return Self.unescape(fields[4])
        }
        return nil
    }

    /// mountinfo writes blanks, tabs, line ends and backslashes as `\ooo`.
    private static func unescape(_ field: ArraySlice<UInt8>) -> String {
        var bytes: [UInt8] = []
        var rest = field
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func limit(_ resource: __rlimit_resource) -> ResourceLimit {
        var value = rlimit()
        // SAFETY: the struct outlives the call, which fills it.
        guard unsafe getrlimit(Int32(resource.rawValue), &value) == 0 else { return ResourceLimit() }
        let unlimited = rlim_t.max
        return ResourceLimit(
            soft: value.rlim_cur == unlimited ? nil : UInt64(value.rlim_cur),
            hard: value.rlim_max == unlimited ? nil : UInt64(value.rlim_max))
    }
}
