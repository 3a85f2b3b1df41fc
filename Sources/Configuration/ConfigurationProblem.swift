/// One thing that is wrong with a configuration file.
public struct ConfigurationProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The path as it was given.
    public var file: String
    /// Line and column from 1; both 0 when the file as a whole is meant.
    public var line: Int
    /// See ``line``.
    public var column: Int
    /// What is wrong and what would be right.
    public var message: String

    init(file: String, at mark: YamlMark?, _ message: String) {
        self.file = file
        self.line = mark?.line ?? 0
        self.column = mark?.column ?? 0
        self.message = message
    }

    /// `file:line:column: message`.
    public var description: String {
        line == 0 ? "\(file): \(message)" : "\(file):\(line):\(column): \(message)"
    }
}

/// Everything that is wrong with a configuration file, in the order of the file; never empty.
public struct ConfigurationProblems: Error, Hashable, Sendable, CustomStringConvertible {
    /// The problems, at most ``ProblemList/limit`` of them.
    public var problems: [ConfigurationProblem]

    /// A line for each.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Collects problems while a file is read, and caps their number: a hostile file has millions.
struct ProblemList {
    static let limit = 100
    let file: String
    private(set) var problems: [ConfigurationProblem] = []

    init(file: String) { self.file = file }

    mutating func add(_ mark: YamlMark?, _ message: String) {
        if problems.count < Self.limit { problems.append(ConfigurationProblem(file: file, at: mark, message)) }
    }
}
