/// Which processes an answer is about.
public enum TargetSelector: Hashable, Sendable, CustomStringConvertible {
    case all
    /// Name as in `hearth targets`.
    case name(String)
    case pid(Int32)
    /// Last component of the executable's path.
    case executable(String)
    case unit(String)
    /// Container id or a prefix of at least 12 characters.
    case container(String)

    /// Parses the interface's TARGET; `nil` for an empty text or a pid that is no number.
    public init?(_ text: String) {
        func after(_ prefix: String) -> String? {
            text.hasPrefix(prefix) && text.utf8.count > prefix.utf8.count
                ? String(text.dropFirst(prefix.count)) : nil
        }
        if text.isEmpty { return nil }
        if text == "all" {
            self = .all
        } else if text.hasPrefix("pid:") {
            guard let pid = Int32(text.dropFirst(4)), pid > 0 else { return nil }
            self = .pid(pid)
        } else if let name = after("exe:") {
            self = .executable(name)
        } else if let name = after("unit:") {
            self = .unit(name)
        } else if let id = after("container:"), id.utf8.count >= 12 {
            self = .container(id)
        } else if text.hasPrefix("exe:") || text.hasPrefix("unit:") || text.hasPrefix("container:") {
            return nil
        } else {
            self = .name(text)
        }
    }

    /// As it is written: parses to the same selector.
    public var description: String {
        switch self {
        case .all: "all"
        case .name(let name): name
        case .pid(let pid): "pid:\(pid)"
        case .executable(let name): "exe:\(name)"
        case .unit(let name): "unit:\(name)"
        case .container(let id): "container:\(id)"
        }
    }

    /// Whether a sample of this context is meant.
    public func matches(_ context: SampleContext) -> Bool {
        switch self {
        case .all: true
        case .name(let name): context.target == name
        case .pid(let pid): context.process.pid == pid
        case .executable(let name):
            context.executable == name || context.executable.hasSuffix("/" + name)
        case .unit(let name): context.unit == name
        case .container(let id): context.container.hasPrefix(id)
        }
    }
}

/// A question to the store.
public struct ProfileQuery: Hashable, Sendable {
    /// Which processes.
    public var selector: TargetSelector
    /// What the weights measure.
    public var kind: SampleKind
    /// Nanoseconds since the Unix epoch; slots that overlap [from, to) are in the answer, which states its true bounds.
    public var from: Int64
    /// End of the window, nanoseconds since the Unix epoch.
    public var to: Int64
    /// Which of their samples.
    public var filter: ProfileFilter

    /// A question about a window.
    public init(
        selector: TargetSelector, kind: SampleKind = .cpu, from: Int64, to: Int64, filter: ProfileFilter = .everything
    ) {
        self.selector = selector
        self.kind = kind
        self.from = from
        self.to = to
        self.filter = filter
    }
}

/// Why a question has no answer.
public enum QueryError: Error, Hashable, Sendable {
    /// No sample of such a target, as the question wrote it, is in the memory of the daemon.
    case noSuchTarget(String)
    /// The window lies before the oldest slot or in the future.
    case outsideHistory(oldest: Int64, newest: Int64)
    /// The kind is not recorded.
    case kindNotRecorded(SampleKind)
}

/// One row of `hearth targets`.
public struct TargetSummary: Hashable, Sendable {
    /// Name as in `hearth targets`.
    public var name: String
    /// Processes seen and not gone.
    public var processes: Int
    /// Managed runtime, empty if none is known.
    public var runtime: String
    /// Mean number of CPUs in use over the last ten seconds, from samples.
    public var cpus: Double
    /// Resident set of its processes in bytes, 0 if unknown.
    public var residentBytes: UInt64
    /// Samples per second over the last ten seconds.
    public var samplesPerSecond: Double
    /// Share of its stacks over the last ten seconds that reached the root, 0…1; 1 when there were none.
    public var completeShare: Double
    /// systemd unit, empty if none.
    public var unit: String
    /// Container id, empty if none.
    public var container: String
    /// Path of the executable of one of its processes.
    public var executable: String
    /// Some pids, the busiest first, at most 16.
    public var pids: [Int32]

    /// A target of which nothing else is known yet.
    public init(name: String) {
        self.name = name
        processes = 0
        runtime = ""
        cpus = 0
        residentBytes = 0
        samplesPerSecond = 0
        completeShare = 1
        unit = ""
        container = ""
        executable = ""
        pids = []
    }
}
