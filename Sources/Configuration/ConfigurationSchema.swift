/// One setting: its key in the file, its place in ``Configuration``, how its values are written.
struct Setting: Sendable {
    /// The path of keys from the top, joined by dots.
    let key: String
    /// What is accepted.
    let accepts: String
    /// Reads a value into a configuration.
    let assign: @Sendable (YamlNode, inout Configuration, inout ProblemList) -> Void
    /// The value that a configuration has, as one line of YAML.
    let show: @Sendable (Configuration) -> String

    init<Value>(
        _ key: String, _ path: any WritableKeyPath<Configuration, Value> & Sendable, _ syntax: ValueSyntax<Value>
    ) {
        self.key = key
        accepts = syntax.accepts
        assign = { node, configuration, problems in
            do throws(ValueRefusal) { configuration[keyPath: path] = try syntax.parse(node) } catch {
                problems.add(error.mark ?? node.mark, "\(key): \(error.reason ?? syntax.expected(node))")
            }
        }
        show = { syntax.write($0[keyPath: path]) }
    }

    /// A setting with a reader of its own, for values that are not one word or a list of words.
    init(
        _ key: String, accepts: String,
        assign: @escaping @Sendable (YamlNode, inout Configuration, inout ProblemList) -> Void,
        show: @escaping @Sendable (Configuration) -> String
    ) {
        self.key = key
        self.accepts = accepts
        self.assign = assign
        self.show = show
    }
}

/// Every setting. A new one is a field of ``Configuration``, a line here, and a comment in `config/hearth.yaml`.
enum ConfigurationSchema {
    static let settings: [Setting] = [
        Setting("listen", \.listen, .list(of: .listenAddress, "HOST:PORT or unix:/PATH", atMost: 16)),
        Setting("state_dir", \.stateDirectory, .path),
        Setting("log.level", \.log.level, .choice),
        Setting("sampling.hertz", \.sampling.hertz, .integer(1...10_000)),
        Setting("sampling.jitter", \.sampling.jitter, .number(0...0.9)),
        Setting("sampling.wakeup", \.sampling.wakeup, .choice),
        Setting(
            "sampling.ring_bytes", \.sampling.ringBytes, .word("auto", or: .size(1 << 18...1 << 28, powerOfTwo: true))),
        Setting("sampling.kernel_stacks", \.sampling.kernelStacks, .boolean),
        Setting("sampling.stack_dump_bytes", \.sampling.stackDumpBytes, .size(1024...65_528, multipleOf: 8)),
        Setting("unwinder.verify_every", \.unwinder.verifyEvery, .integer(0...1_000_000_000)),
        Setting("memory.store_bytes", \.memory.storeBytes, .size(1 << 20...1 << 34)),
        Setting("memory.symbols_bytes", \.memory.symbolsBytes, .size(1 << 20...1 << 32)),
        Setting("memory.unwind_bytes", \.memory.unwindBytes, .size(1 << 20...1 << 32)),
        Setting("windows.retention", \.windows.retention, .duration(.seconds(10)...(.seconds(86_400)))),
        Setting(
            "targets.rules", accepts: "a list of rules",
            assign: { node, configuration, problems in
                configuration.targets.rules = TargetRuleReader.read(node, &problems)
            },
            show: { $0.targets.rules.rules.isEmpty ? "[]" : "[…]" }),
        Setting("paths.proc", \.paths.proc, .path),
        Setting("paths.sys", \.paths.sys, .path),
        Setting("paths.cgroup", \.paths.cgroup, .word("auto", or: .path)),
        Setting("paths.kallsyms", \.paths.kallsyms, .word("auto", or: .path)),
        Setting("http.allowed_hosts", \.http.allowedHosts, .list(of: .hostName, "host names")),
        Setting("http.max_recordings", \.http.maxRecordings, .integer(1...64)),
        Setting("symbols.debug_dirs", \.symbols.debugDirectories, .list(of: .path, "absolute paths")),
    ]
}
