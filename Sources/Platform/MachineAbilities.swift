/// Something that a stage needs of the machine.
public enum Ability: String, Hashable, Sendable, CaseIterable {
    /// perf events of all processes on every CPU, kernel included.
    case sampleEverything = "sample all processes"
    /// perf events of processes of the same user, user space only.
    case sampleOwn = "sample own processes"
    /// The kernel's part of stacks.
    case sampleKernel = "kernel stacks"
    /// Hardware cycles.
    case hardwareCycles = "hardware counters"
    /// Names of kernel functions.
    case kernelSymbols = "kernel symbols"
    /// Reading the memory of other users' processes.
    case readMemory = "memory of other processes"
    /// Reading files and `/proc` entries of other users.
    case readFiles = "files of other processes"
    /// Tracepoints.
    case tracepoints = "tracepoints"
    /// BPF programs on probes.
    case bpf = "BPF"
    /// Rings of a useful size.
    case lockedMemory = "locked memory"
    /// Descriptors for rings and pinned files.
    case openFiles = "open files"
    /// Units, containers and their CPU time from cgroups.
    case cgroups = "cgroup v2"
}

/// Whether an ability is there, and what to do if not.
public struct AbilityFinding: Hashable, Sendable {
    /// What the finding is about.
    public var ability: Ability
    /// Whether the ability is there in full.
    public var isAvailable: Bool
    /// The fact behind it, and what Hearth does without it.
    public var detail: String
    /// The exact command or directive that would bring it; empty when nothing is missing.
    public var mend: String

    /// An ability that is there.
    static func available(_ ability: Ability, _ detail: String) -> AbilityFinding {
        AbilityFinding(ability: ability, isAvailable: true, detail: detail, mend: "")
    }

    /// An ability that is missing or partial.
    static func limited(_ ability: Ability, _ detail: String, mend: String) -> AbilityFinding {
        AbilityFinding(ability: ability, isAvailable: false, detail: detail, mend: mend)
    }
}

/// A limit of getrlimit(2); `nil` is unlimited.
public struct ResourceLimit: Hashable, Sendable {
    /// What is in force.
    public var soft: UInt64?
    /// How far the process may raise it.
    public var hard: UInt64?
}

/// What this process may do on this machine, as found out by ``MachineProbe``.
public struct MachineAbilities: Hashable, Sendable {
    /// Release of the kernel, as `uname -r`.
    public var kernelRelease = ""
    /// CPUs that are online, ascending; never empty.
    public var onlineCPUs = [0]
    /// Capabilities of this process.
    public var capabilities = CapabilitySets(effective: 0, permitted: 0)
    /// `kernel.perf_event_paranoid`, `nil` if the kernel has no perf events.
    public var perfEventParanoid: Int?
    /// `kernel.perf_event_mlock_kb`: locked memory that every user has per CPU beside the limit.
    public var perfEventMlockKiB: Int?
    /// `kernel.kptr_restrict`.
    public var kptrRestrict: Int?
    /// `kernel.yama.ptrace_scope`, `nil` without Yama.
    public var ptraceScope: Int?
    /// RLIMIT_MEMLOCK in bytes.
    public var lockedMemory = ResourceLimit()
    /// RLIMIT_NOFILE.
    public var openFiles = ResourceLimit()
    /// Where cgroup v2 is mounted.
    public var cgroupRoot: String?
    /// One for each ability, in the order of ``Ability``.
    public var findings: [AbilityFinding] = []

    /// Whether an ability is there in full.
    public func can(_ ability: Ability) -> Bool { findings.first { $0.ability == ability }?.isAvailable == true }

    /// The findings that say what is missing.
    public var limited: [AbilityFinding] { findings.filter { !$0.isAvailable } }
}
