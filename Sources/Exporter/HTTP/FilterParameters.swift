import Model

extension ProfileFilter {
    /// Parameters that choose some of a target's samples.
    static let parameters = ["function", "thread", "pid", "module"]

    /// What a request asks for. In names, `*` stands for any text.
    ///
    /// - Throws: a refusal that names the parameter.
    init(_ parameters: Parameters) throws(Refusal) {
        self.init(
            function: try Self.pattern("function", in: parameters), thread: try Self.pattern("thread", in: parameters),
            pid: try Self.pid(parameters["pid"]), module: try Self.pattern("module", in: parameters))
    }

    private static func pattern(_ name: String, in parameters: Parameters) throws(Refusal) -> NamePattern? {
        guard let text = parameters[name] else { return nil }
        if let pattern = NamePattern(text) { return pattern }
        throw Refusal(
            400, "\(name)= is longer than \(NamePattern.longest) bytes", hint: "use * for a part: \(name)=begin*")
    }

    private static func pid(_ text: String?) throws(Refusal) -> Int32? {
        guard let text else { return nil }
        if let pid = Int32(text), pid > 0 { return pid }
        throw Refusal(400, "pid='\(Shown.text(text))' is no process", hint: "a number above 0, as in pid=1234")
    }
}
