/// What rules know about a process. Empty texts match no pattern but `*`.
public struct TargetSubject: Hashable, Sendable {
    /// Path of the executable.
    public var executable: String
    /// Arguments joined by spaces.
    public var commandLine: String
    /// Name of the user, or the number where there is no name.
    public var user: String
    /// systemd unit.
    public var unit: String
    /// Path of the cgroup below the root of the hierarchy.
    public var cgroup: String

    /// Facts that are not known are left empty.
    public init(
        executable: String = "", commandLine: String = "", user: String = "", unit: String = "", cgroup: String = ""
    ) {
        self.executable = executable
        self.commandLine = commandLine
        self.user = user
        self.unit = unit
        self.cgroup = cgroup
    }

    /// Last component of the executable's path.
    var executableName: String {
        executable.lastIndex(of: "/").map { String(executable[executable.index(after: $0)...]) } ?? executable
    }
}

/// What a rule does with a process.
public enum TargetDecision: Hashable, Sendable {
    /// No rule matched: it is named by its unit, container or executable.
    case unchanged
    /// It belongs to the target of this name.
    case named(String)
    /// Its samples are dropped.
    case excluded
}

/// One rule: all patterns that are there must match.
public struct TargetRule: Hashable, Sendable {
    /// What the rule does.
    public enum Action: Hashable, Sendable {
        /// Names the target; rules that give the same name join their processes.
        case name(NameTemplate)
        /// Drops the samples of the process.
        case exclude
    }

    /// The whole path if the pattern has a slash, else its last component.
    public var executable: GlobPattern?
    /// The arguments joined by spaces.
    public var commandLine: GlobPattern?
    /// The name of the user.
    public var user: GlobPattern?
    /// The systemd unit.
    public var unit: GlobPattern?
    /// The path of the cgroup.
    public var cgroup: GlobPattern?
    /// What happens to a process that matches.
    public var action: Action

    /// A rule without patterns, which matches everything.
    public init(action: Action) { self.action = action }

    /// Whether the rule is about a process.
    public func matches(_ subject: TargetSubject) -> Bool {
        func agrees(_ pattern: GlobPattern?, _ text: String) -> Bool { pattern.map { $0.matches(text) } ?? true }
        let executableText = executable?.source.contains("/") == true ? subject.executable : subject.executableName
        return agrees(executable, executableText) && agrees(user, subject.user) && agrees(unit, subject.unit)
            && agrees(cgroup, subject.cgroup) && agrees(commandLine, subject.commandLine)
    }
}

/// The rules in the order of the file.
public struct TargetRules: Hashable, Sendable {
    /// The first that matches decides.
    public var rules: [TargetRule]

    /// Rules in their order.
    public init(_ rules: [TargetRule] = []) { self.rules = rules }

    /// Whether any rule looks at the command line, which costs a read of `/proc/PID/cmdline`.
    public var needCommandLine: Bool { rules.contains { $0.commandLine != nil } }

    /// What the rules say about a process. A name that comes out empty counts as no match.
    public func decide(_ subject: TargetSubject) -> TargetDecision {
        for rule in rules where rule.matches(subject) {
            switch rule.action {
            case .exclude: return .excluded
            case .name(let template):
                let name = template.fill(subject)
                if !name.isEmpty { return .named(name) }
            }
        }
        return .unchanged
    }
}

/// The name of a target with places for facts of the process: `{exe}`, `{unit}`, `{user}`.
public struct NameTemplate: Hashable, Sendable {
    /// Names of the places.
    public static let places = ["exe", "unit", "user"]
    /// A longer name is cut: it becomes a label of metrics.
    public static let maximumNameBytes = 200

    enum Part: Hashable, Sendable {
        case text(String)
        case place(String)
    }

    let parts: [Part]

    /// Parses a template; the error is a sentence.
    init(_ source: String) throws(ValueRefusal) {
        var parts: [Part] = []
        var rest = source[...]
        while let open = rest.firstIndex(of: "{") {
            if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
            guard let close = rest[open...].firstIndex(of: "}") else { throw ValueRefusal("a { without its }") }
            let name = String(rest[rest.index(after: open)..<close])
            guard Self.places.contains(name) else {
                let meant = Spelling.nearest(to: name, among: Self.places).map { ": did you mean {\($0)}?" }
                throw ValueRefusal("unknown place {\(name)}" + (meant ?? "; known are {exe}, {unit}, {user}"))
            }
            parts.append(.place(name))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        if parts.isEmpty { throw ValueRefusal("an empty name") }
        self.parts = parts
    }

    /// The name for a process, control characters replaced, at most ``maximumNameBytes`` long.
    func fill(_ subject: TargetSubject) -> String {
        var name = ""
        for part in parts {
            switch part {
            case .text(let text): name += text
            case .place("exe"): name += subject.executableName
            case .place("unit"): name += subject.unit
            case .place: name += subject.user
            }
        }
        var scalars = String.UnicodeScalarView()
        var bytes = 0
        for scalar in name.unicodeScalars {
            bytes += UTF8.width(scalar)
            if bytes > Self.maximumNameBytes { break }
            scalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? "?" : scalar)
        }
        return String(scalars)
    }
}
