/// A place in a YAML file; both from 1.
struct YamlMark: Hashable, Sendable {
    var line: Int
    var column: Int
}

/// A value in a YAML file with its place.
struct YamlNode: Sendable {
    indirect enum Content: Sendable {
        /// `plain` is false for quoted and block scalars, which are text whatever they look like.
        case scalar(String, plain: Bool)
        case sequence([YamlNode])
        case mapping([Pair])
    }

    struct Pair: Sendable {
        var key: YamlNode
        var value: YamlNode
    }

    var content: Content
    var mark: YamlMark
    /// Number of nodes in this value, itself included, with aliases expanded.
    var size: Int

    /// The text of a scalar.
    var text: String? {
        if case .scalar(let text, _) = content { return text }
        return nil
    }

    /// Whether the value was left out: `key:`, `key: ~` or `key: null`.
    var isNull: Bool {
        if case .scalar(let text, plain: true) = content { return text.isEmpty || text == "~" || text == "null" }
        return false
    }

    /// What the value is, for a message: `the list`, `"abc"`.
    var shown: String {
        switch content {
        case .scalar(let text, _):
            if isNull { return "nothing" }
            return text.utf8.count > 60 ? "\"\(text.prefix(40))…\"" : "\"\(text)\""
        case .sequence: return "a list"
        case .mapping: return "a mapping"
        }
    }
}
