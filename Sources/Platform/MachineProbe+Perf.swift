import CPlatform
import Glibc

extension MachineProbe {
    /// Tries one event and says what its refusal means.
    func judgePerf(_ ability: Ability, _ found: MachineAbilities) -> AbilityFinding {
        switch ability {
        case .sampleEverything:
            return judge(
                Self.tryEvent(pid: -1, cpu: Int32(found.onlineCPUs[0])), ability, found,
                good: "perf events of every process on \(found.onlineCPUs.count) CPUs",
                without: "only processes of this user are sampled",
                sysctl: "sysctl kernel.perf_event_paranoid=-1")
        case .sampleOwn:
            return judge(
                Self.tryEvent(pid: 0, cpu: -1, userOnly: true), ability, found,
                good: "perf events of this user's processes", without: "nothing can be sampled; /proc alone is read",
                sysctl: "sysctl kernel.perf_event_paranoid=2")
        case .sampleKernel:
            return judge(
                Self.tryEvent(pid: 0, cpu: -1), ability, found,
                good: "stacks go on into the kernel", without: "stacks end at the border of the kernel",
                sysctl: "sysctl kernel.perf_event_paranoid=1")
        default:
            return judge(
                Self.tryEvent(pid: 0, cpu: -1, hardware: true, userOnly: true), ability, found,
                good: "the processor counts cycles", without: "cpu-clock is used, which needs none",
                sysctl: "sysctl kernel.perf_event_paranoid=2")
        }
    }

    private func judge(
        _ error: Errno?, _ ability: Ability, _ found: MachineAbilities, good: String, without: String, sysctl: String
    ) -> AbilityFinding {
        guard let error else { return .available(ability, good) }
        let paranoid = found.perfEventParanoid.map { "perf_event_paranoid is \($0)" } ?? "the kernel has no perf events"
        switch error.code {
        case EACCES, EPERM:
            if isFiltered(ability, found) { return Self.filtered(ability, without) }
            let mend = "AmbientCapabilities=CAP_PERFMON in the unit, or setcap cap_perfmon+ep HEARTHD, or \(sysctl)"
            return .limited(ability, "\(paranoid) and CAP_PERFMON is missing: \(without)", mend: mend)
        case ENOSYS: return Self.filtered(ability, without)
        case ENOENT, ENODEV, EOPNOTSUPP:
            return .limited(
                ability, "no such event on this machine (\(error)): \(without)",
                mend: "give the virtual machine a performance monitoring unit (KVM: -cpu host,pmu=on)")
        default:
            return .limited(ability, "perf_event_open: \(error): \(without)", mend: "see dmesg for the reason")
        }
    }

    /// Whether the kernel itself would have allowed it: then somebody in front of it said no.
    private func isFiltered(_ ability: Ability, _ found: MachineAbilities) -> Bool {
        if found.capabilities.has(.perfmon) || found.capabilities.has(.sysAdmin) { return true }
        // kernel/events/core.c: own processes in user space are free up to level 2; Debian adds level 3.
        return ability == .sampleOwn && found.perfEventParanoid.map { $0 <= 2 } ?? false
    }

    private static func filtered(_ ability: Ability, _ without: String) -> AbilityFinding {
        .limited(
            ability, "perf_event_open is not there or filtered: \(without)",
            mend: "SystemCallFilter=perf_event_open in the unit; in a container --security-opt seccomp=FILE")
    }

    /// Opens an event and closes it; `nil` if that worked.
    static func tryEvent(pid: Int32, cpu: Int32, hardware: Bool = false, userOnly: Bool = false) -> Errno? {
        var attr = perf_event_attr()
        attr.size = UInt32(MemoryLayout<perf_event_attr>.size)
        attr.type = hardware ? PERF_TYPE_HARDWARE.rawValue : PERF_TYPE_SOFTWARE.rawValue
        attr.config = UInt64(hardware ? PERF_COUNT_HW_CPU_CYCLES.rawValue : PERF_COUNT_SW_CPU_CLOCK.rawValue)
        attr.sample_period = 10_000_000
        attr.sample_type = UInt64(PERF_SAMPLE_IP.rawValue)
        attr.disabled = 1
        attr.exclude_kernel = userOnly ? 1 : 0
        attr.exclude_hv = userOnly ? 1 : 0
        do throws(Errno) {
            _ = FileDescriptor(
                owning: try retrying {
                    // SAFETY: the attribute outlives the call, which reads `size` bytes of it.
                    unsafe hearth_perf_event_open(&attr, pid, cpu, -1, UInt(PERF_FLAG_FD_CLOEXEC))
                })
            return nil
        } catch { return error }
    }

    /// What rings want: 2 MiB a CPU, thirty samples with their 64 KiB of stack.
    func judgeLockedMemory(_ found: MachineAbilities) -> AbilityFinding {
        let wanted = UInt64(found.onlineCPUs.count) * (2 << 20)
        let free = UInt64(max(0, found.perfEventMlockKiB ?? 0)) * 1024 * UInt64(found.onlineCPUs.count)
        guard let soft = found.lockedMemory.soft, !found.capabilities.has(.ipcLock), found.perfEventParanoid != -1
        else { return .available(.lockedMemory, "rings of any size") }
        let have = soft + free
        let text = "\(have >> 10) KiB for the rings of \(found.onlineCPUs.count) CPUs"
        if have >= wanted { return .available(.lockedMemory, text) }
        return .limited(
            .lockedMemory, "\(text): rings are smaller, bursts are lost and counted",
            mend: "LimitMEMLOCK=\(wanted >> 20)M in the unit, or ulimit -l \(wanted >> 10)")
    }

    /// A ring for each CPU and a pinned file for each module of the host.
    func judgeOpenFiles(_ found: MachineAbilities) -> AbilityFinding {
        let wanted = UInt64(4096 + found.onlineCPUs.count)
        let text = found.openFiles.soft.map { "at most \($0) descriptors" } ?? "any number of descriptors"
        if found.openFiles.soft ?? .max >= wanted { return .available(.openFiles, text) }
        return .limited(
            .openFiles, "\(text): fewer files are pinned, names of deleted ones may be missing",
            mend: "LimitNOFILE=65536 in the unit, or ulimit -n 65536")
    }
}
