/// Options that every command has may also stand in front of it, as in `hearth --server URL targets`.
///
/// The parser gives an option to the command that stands before it, so they are moved behind the command's name.
enum GlobalOptions {
    private static let withValue: Set = ["--server", "--color"]
    private static let flags: Set = ["--json"]

    /// The arguments with leading global options behind the first word that is no option.
    static func behindCommand(_ arguments: [String]) -> [String] {
        var leading: [String] = []
        var rest = arguments[...]
        while let first = rest.first, let count = length(of: first) {
            guard rest.count > count else { return arguments }
            leading += rest.prefix(count)
            rest = rest.dropFirst(count)
        }
        guard let command = rest.first, !command.hasPrefix("-"), !leading.isEmpty else { return arguments }
        return [command] + leading + rest.dropFirst()
    }

    /// Arguments that a global option takes up; `nil` for anything else.
    private static func length(of argument: String) -> Int? {
        if flags.contains(argument) { return 1 }
        if withValue.contains(argument) { return 2 }
        return withValue.contains { argument.hasPrefix($0 + "=") } ? 1 : nil
    }
}
