import ArgumentParser

/// Options that choose some of a target's samples.
struct FilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only stacks that contain this function; * stands for any text.", valueName: "NAME"))
    var function: String?
    @Option(help: ArgumentHelp("Only threads of this name; * stands for any text.", valueName: "NAME"))
    var thread: String?
    @Option(help: ArgumentHelp("Only this process of the target.", valueName: "PID")) var pid: Int32?
    @Option(help: ArgumentHelp("Only stacks through this module; * stands for any text.", valueName: "NAME"))
    var module: String?

    func validate() throws {
        if let pid, pid <= 0 { throw ValidationError("--pid: \(pid) is no process.") }
        for (name, value) in [("function", function), ("thread", thread), ("module", module)] where value == "" {
            throw ValidationError("--\(name): an empty name.")
        }
    }

    /// The parameters of a request.
    var query: [(name: String, value: String)] {
        let texts = [("function", function), ("thread", thread), ("pid", pid.map { "\($0)" }), ("module", module)]
        return texts.compactMap { name, value in value.map { (name, $0) } }
    }
}
