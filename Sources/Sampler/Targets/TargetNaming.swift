/// What a rule can look at to name a target. Costly facts are read when asked for.
public struct ProcessFacts {
    /// Path of the executable, empty for kernel threads.
    public var executable: String
    /// Name of the process (its comm).
    public var comm: String
    /// Path in the cgroup hierarchy, as in `/proc/PID/cgroup`.
    public var cgroup: String
    /// systemd unit of the cgroup, empty if none.
    public var unit: String
    /// Container id of the cgroup, empty if none.
    public var container: String
    /// Whether it is a thread of the kernel.
    public var isKernelThread: Bool
    /// Command line with blanks between the arguments; read from /proc.
    public var commandLine: () -> String
    /// Effective user id; read from /proc.
    public var user: () -> UInt32?
}

/// The name of a target, or that its processes are not to be sampled.
public enum TargetAssignment: Hashable, Sendable {
    case name(String)
    case excluded
}

extension ProcessFacts {
    /// The name without any rule: unit, else container, else executable.
    public var defaultTarget: String {
        if isKernelThread { return "kernel" }
        if !container.isEmpty { return String(container.prefix(12)) }
        if !unit.isEmpty { return unit.hasPrefix("session-") && unit.hasSuffix(".scope") ? "session.scope" : unit }
        let base = executable.split(separator: "/").last.map(String.init) ?? ""
        return base.isEmpty ? comm : base
    }
}

/// What the path of a cgroup says about its processes.
struct CgroupName: Hashable, Sendable {
    var path: String
    var unit = ""
    var container = ""

    /// Takes the innermost unit and the innermost container id of the path. Engines name their groups
    /// `docker-ID.scope`, `libpod-ID.scope`, `cri-containerd-ID.scope`, `crio-ID.scope` or just `ID` (64 hexadecimal digits).
    init(path: String) {
        self.path = path
        for part in path.split(separator: "/") {
            if let id = Self.containerID(part) {
                container = id
                unit = ""
            } else if part.hasSuffix(".service") || part.hasSuffix(".scope") {
                unit = String(part)
            }
        }
    }

    private static func containerID(_ part: Substring) -> String? {
        let body = part.hasSuffix(".scope") ? part.dropLast(6) : part
        let id = body.split(separator: "-").last ?? body
        guard id.utf8.count == 64, id.utf8.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x66) })
        else { return nil }
        return String(id)
    }
}
