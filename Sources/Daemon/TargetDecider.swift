import Configuration
import Platform
import Sampler
import Synchronization

/// Applies the rules of the configuration; they can be replaced while the sampler asks.
final class TargetDecider: Sendable {
    private let rules: Mutex<TargetRules>
    private let users = UserNames()

    init(_ rules: TargetRules) { self.rules = Mutex(rules) }

    /// New rules, from the next decision on.
    func replace(_ new: TargetRules) { rules.withLock { $0 = new } }

    func decide(_ facts: ProcessFacts) -> TargetAssignment {
        let rules = rules.withLock { $0 }
        guard !rules.rules.isEmpty else { return .name(facts.defaultTarget) }
        let subject = TargetSubject(
            executable: facts.executable, commandLine: rules.needCommandLine ? facts.commandLine() : "",
            user: rules.rules.contains { $0.user != nil } ? users.name(of: facts.user()) : "", unit: facts.unit,
            cgroup: facts.cgroup)
        switch rules.decide(subject) {
        case .excluded: return .excluded
        case .named(let name): return .name(name)
        case .unchanged: return .name(facts.defaultTarget)
        }
    }
}

/// Names of users from /etc/passwd. The name service is not asked: it may go to the network.
final class UserNames: Sendable {
    private let names = Mutex<[UInt32: String]?>(nil)

    /// The name, or the number where there is none.
    func name(of user: UInt32?) -> String {
        guard let user else { return "" }
        return names.withLock { names in
            let table = names ?? Self.read()
            names = table
            return table[user] ?? "\(user)"
        }
    }

    private static func read() -> [UInt32: String] {
        guard let bytes = try? FileDescriptor.open("/etc/passwd").readAll(limit: 4 << 20) else { return [:] }
        var table: [UInt32: String] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let fields = String(decoding: line, as: UTF8.self).split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 2, let user = UInt32(fields[2]) { table[user] = String(fields[0]) }
        }
        return table
    }
}
