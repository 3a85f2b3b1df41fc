/// Reads `targets.rules`.
enum TargetRuleReader {
    static let maximumRules = 1000

    static func read(_ node: YamlNode, _ problems: inout ProblemList) -> TargetRules {
        guard case .sequence(let items) = node.content, items.count <= maximumRules else {
            problems.add(
                node.mark, "targets.rules: expected a list of at most \(maximumRules) rules, found \(node.shown)")
            return TargetRules()
        }
        return TargetRules(items.compactMap { rule($0, &problems) })
    }

    private static func rule(_ node: YamlNode, _ problems: inout ProblemList) -> TargetRule? {
        var patterns: [String: GlobPattern] = [:]
        var actions: [TargetRule.Action] = []
        var matched = false
        MappingReader.each(of: node, "a rule", known: ["match", "name", "exclude"], &problems) { key, value, problems in
            switch key {
            case "match":
                matched = true
                patterns = match(value, &problems)
            case "name": name(value, &problems).map { actions.append(.name($0)) }
            default: exclude(value, &problems).map { actions.append($0) }
            }
        }
        guard case .mapping = node.content else { return nil }
        if !matched { problems.add(node.mark, "a rule without match") }
        if actions.count != 1 { problems.add(node.mark, "a rule has either name or exclude: true") }
        guard let action = actions.first else { return nil }
        var rule = TargetRule(action: action)
        rule.executable = patterns["exe"]
        rule.commandLine = patterns["cmdline"]
        rule.user = patterns["user"]
        rule.unit = patterns["unit"]
        rule.cgroup = patterns["cgroup"]
        return rule
    }

    private static func match(_ node: YamlNode, _ problems: inout ProblemList) -> [String: GlobPattern] {
        var patterns: [String: GlobPattern] = [:]
        let known = ["exe", "cmdline", "user", "unit", "cgroup"]
        MappingReader.each(of: node, "match", known: known, &problems) { key, value, problems in
            if let text = value.text, !value.isNull, let pattern = GlobPattern(text) {
                patterns[key] = pattern
            } else {
                problems.add(
                    value.mark,
                    "match.\(key): expected a pattern (*, ?, [a-z]; at most \(GlobPattern.maximumBytes) bytes), "
                        + "found \(value.shown)")
            }
        }
        if case .mapping(let pairs) = node.content, pairs.isEmpty {
            problems.add(node.mark, "match: expected at least one of \(known.joined(separator: ", "))")
        }
        return patterns
    }

    private static func name(_ node: YamlNode, _ problems: inout ProblemList) -> NameTemplate? {
        guard let text = node.text, !node.isNull else {
            problems.add(node.mark, "name: expected a text, found \(node.shown)")
            return nil
        }
        do { return try NameTemplate(text) } catch {
            problems.add(node.mark, "name: \(error.reason ?? "not a name")")
            return nil
        }
    }

    private static func exclude(_ node: YamlNode, _ problems: inout ProblemList) -> TargetRule.Action? {
        if node.text == "true" { return .exclude }
        problems.add(node.mark, "exclude: expected true, found \(node.shown)")
        return nil
    }
}
