import CPlatform
import Glibc

extension MachineProbe {
    /// Kernel symbols are there when the table has an address that is not 0: without the right to see them, the kernel
    /// writes zeros or, in some sandboxes, nothing at all.
    func judgeKernelSymbols(_ found: MachineAbilities) -> AbilityFinding {
        let without = "kernel frames have no names"
        let mend =
            "AmbientCapabilities=CAP_SYSLOG in the unit (and no ProtectKernelTunables=), or paths.kallsyms set to a copy "
            + "that root made, or sysctl kernel.kptr_restrict=0"
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try FileDescriptor.open(kallsyms, O_RDONLY | O_NONBLOCK).readAll(limit: 64 << 10)
        } catch { return .limited(.kernelSymbols, "\(kallsyms): \(error): \(without)", mend: mend) }
        if bytes.isEmpty { return .limited(.kernelSymbols, "\(kallsyms) reads empty: \(without)", mend: mend) }
        let hasAddress = bytes.split(separator: UInt8(ascii: "\n")).prefix(512).contains { line in
            let address = line.prefix { $0 != UInt8(ascii: " ") }
            // The first symbols of a CPU's section are small numbers; the text of the kernel has its top bit set.
            return address.count == 16 && (address.first ?? 0) > UInt8(ascii: "7")
        }
        if hasAddress { return .available(.kernelSymbols, "\(kallsyms) shows addresses") }
        let restricted = found.kptrRestrict.map { " (kptr_restrict is \($0))" } ?? ""
        return .limited(.kernelSymbols, "\(kallsyms) hides addresses\(restricted): \(without)", mend: mend)
    }

    func judgeMemory(_ found: MachineAbilities) -> AbilityFinding {
        if found.capabilities.has(.sysPtrace) { return .available(.readMemory, "CAP_SYS_PTRACE") }
        let mend = "AmbientCapabilities=CAP_SYS_PTRACE in the unit, or setcap cap_sys_ptrace+ep HEARTHD"
        if let scope = found.ptraceScope, scope > 0 {
            return .limited(
                .readMemory, "CAP_SYS_PTRACE is missing and yama.ptrace_scope is \(scope): memory of no other process",
                mend: mend)
        }
        return .limited(.readMemory, "CAP_SYS_PTRACE is missing: memory of this user's processes only", mend: mend)
    }

    func judgeFiles(_ found: MachineAbilities) -> AbilityFinding {
        if found.capabilities.has(.dacReadSearch) { return .available(.readFiles, "CAP_DAC_READ_SEARCH") }
        return .limited(
            .readFiles, "CAP_DAC_READ_SEARCH is missing: binaries that this user cannot read have no names",
            mend: "AmbientCapabilities=CAP_DAC_READ_SEARCH in the unit, or setcap cap_dac_read_search+ep HEARTHD")
    }

    func judgeTracepoints() -> AbilityFinding {
        let file = tracefs + "/events/sched/sched_switch/id"
        do throws(Errno) {
            _ = try FileDescriptor.open(file, O_RDONLY | O_NONBLOCK).readAll(limit: 64)
            return .available(.tracepoints, "\(tracefs) is readable")
        } catch {
            let mend =
                error.code == ENOENT
                ? "mount -t tracefs tracefs \(tracefs)" : "AmbientCapabilities=CAP_DAC_READ_SEARCH in the unit"
            return .limited(.tracepoints, "\(file): \(error): nothing needs them yet", mend: mend)
        }
    }

    func judgeBPF() -> AbilityFinding {
        do throws(Errno) {
            _ = FileDescriptor(owning: try retrying { hearth_bpf_try() })
            return .available(.bpf, "programs on probes can be loaded")
        } catch {
            return .limited(
                .bpf, "bpf: \(error): exact events come from watchpoints and polling",
                mend: "AmbientCapabilities=CAP_BPF CAP_PERFMON in a drop-in of the unit")
        }
    }

    func judgeCgroups(_ found: MachineAbilities) -> AbilityFinding {
        if let root = found.cgroupRoot { return .available(.cgroups, "mounted at \(root)") }
        return .limited(
            .cgroups, "no cgroup v2 is mounted: targets are named by their executable",
            mend: "mount -t cgroup2 cgroup2 /sys/fs/cgroup, or boot with systemd.unified_cgroup_hierarchy=1")
    }
}
