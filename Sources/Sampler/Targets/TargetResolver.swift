import Model
import Platform

/// Finds the target of a process: from its cgroup and executable, after the rules that the configuration gave.
///
/// Owned by the sampler's thread.
final class TargetResolver {
    private let procRoot: String
    private let decide: (ProcessFacts) -> TargetAssignment
    var cgroups: CgroupTable

    init(procRoot: String, cgroupRoot: String, decide: @escaping (ProcessFacts) -> TargetAssignment) {
        self.procRoot = procRoot
        self.decide = decide
        cgroups = CgroupTable(root: cgroupRoot)
    }

    /// Unit and container of a process: by the cgroup id of its sample, else from `/proc/PID/cgroup`, where hosts with
    /// the v1 hierarchies have them.
    func group(of process: Process) -> CgroupName {
        if let name = cgroups.name(of: process.cgroup), name.path != "/" { return name }
        let text = (try? ProcFile.read("\(procRoot)/\(process.key.pid)/cgroup", limit: 64 << 10)) ?? []
        return Self.systemdGroup(in: text) ?? CgroupName(path: "/")
    }

    /// The group in the hierarchy that systemd keeps (v1: `name=systemd`; v2: number 0), whichever names a unit.
    static func systemdGroup(in text: [UInt8]) -> CgroupName? {
        var best: CgroupName?
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let fields = String(decoding: line, as: UTF8.self).split(
                separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[1] == "" || fields[1] == "name=systemd" else { continue }
            let name = CgroupName(path: String(fields[2]))
            if best == nil || !name.unit.isEmpty || !name.container.isEmpty { best = name }
        }
        return best
    }

    func resolve(_ process: Process) -> (decision: TargetAssignment, group: CgroupName) {
        let group = group(of: process)
        let pid = process.key.pid
        let root = procRoot
        let facts = ProcessFacts(
            executable: process.executable, comm: process.name, cgroup: group.path, unit: group.unit,
            container: group.container, isKernelThread: process.isKernelThread,
            commandLine: {
                let bytes = (try? ProcFile.read("\(root)/\(pid)/cmdline", limit: 64 << 10)) ?? []
                return String(decoding: bytes.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
            },
            user: { process.readStatus()?.user })
        return (decide(facts), group)
    }
}
