/// Self time of the hottest functions of one target, as counters with sticky membership.
///
/// Each increment goes to exactly one series, so the sum is the target's sampled CPU time and no series falls.
struct HotFunctions {
    /// Functions with series of their own at a time.
    static let size = 10
    /// Series of one target at most: a program whose heat wanders over all its functions gets no more.
    static let maximumSeries = 64
    /// How long a function keeps its series after it was last among the hottest, ns.
    static let stickiness: UInt64 = 3_600_000_000_000
    /// Functions whose recent heat is remembered; the coldest are forgotten.
    static let maximumCandidates = 512
    /// Heat halves in about a minute: 0.5^(1/60).
    static let decay = 0.9885

    struct Name: Hashable {
        var function: String
        var module: String
    }

    private struct Heat {
        var recent = 0.0
        var pending = 0.0
    }

    private var heat: [Name: Heat] = [:]
    private var members: [Name: (nanoseconds: Double, lastHot: UInt64)] = [:]
    /// Self time of all functions without a series, ns.
    private(set) var otherNanoseconds = 0.0

    /// Series and their self time in ns.
    var series: [(name: Name, nanoseconds: Double)] { members.map { ($0.key, $0.value.nanoseconds) } }

    mutating func add(_ nanoseconds: Double, function: String, module: String) {
        heat[Name(function: Self.cut(function), module: module), default: Heat()].pending += nanoseconds
    }

    /// Labels are cut at 200 bytes.
    private static func cut(_ name: String) -> String {
        name.utf8.count <= 200 ? name : String(decoding: name.utf8.prefix(200), as: UTF8.self)
    }

    /// Ends a slot: finds the hottest, then gives what was added to its series.
    mutating func rank(at time: UInt64) {
        heat = heat.mapValues { Heat(recent: $0.recent * Self.decay + $0.pending, pending: $0.pending) }
        let hottest = heat.sorted { $0.value.recent > $1.value.recent }.prefix(Self.size)
        for (name, _) in hottest { members[name]?.lastHot = time }
        members = members.filter { $0.value.lastHot &+ Self.stickiness > time }
        for (name, _) in hottest where members[name] == nil && members.count < Self.maximumSeries {
            members[name] = (0, time)
        }
        settle()
        forgetColdest()
    }

    private mutating func settle() {
        for (name, value) in heat where value.pending > 0 {
            if members[name] != nil {
                members[name]?.nanoseconds += value.pending
            } else {
                otherNanoseconds += value.pending
            }
            heat[name]?.pending = 0
        }
    }

    private mutating func forgetColdest() {
        guard heat.count > Self.maximumCandidates else { return }
        let kept = heat.sorted { $0.value.recent > $1.value.recent }.prefix(Self.maximumCandidates / 2)
        heat = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
}
