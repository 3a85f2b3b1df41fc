/// A program with a known truth, built on this machine.
public struct BuiltProgram: Hashable, Sendable {
    /// What it was built from.
    public let program: KnownProgram
    /// The file to run.
    public let path: String
    /// The file that still has all symbols: for finding out what a stripped one's addresses mean.
    public let symbolsPath: String
    /// The shared object for `--dlopen`, where the program takes one.
    public let pluginPath: String?

    /// Starts it and waits until it is ready.
    public func start(_ arguments: [String]) throws -> RunningProgram { try RunningProgram(path, arguments) }

    /// Shares of the CPU time by function.
    public var truth: [String: Double] { program.truth }

    /// Virtual addresses of the functions as `nm -S` states them, by mangled name; of the plug-in if asked for.
    public func symbols(ofPlugin: Bool = false) throws -> [String: ClosedRange<UInt64>] {
        let lines = try Command.output("nm", ["-S", ofPlugin ? pluginPath ?? symbolsPath : symbolsPath])
        var found: [String: ClosedRange<UInt64>] = [:]
        for line in lines.split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 3)
            guard fields.count == 4, "tTwW".contains(fields[2]), let start = UInt64(fields[0], radix: 16),
                let size = UInt64(fields[1], radix: 16), size > 0
            else { continue }
            found[String(fields[3])] = start...start + size - 1
        }
        return found
    }
}
