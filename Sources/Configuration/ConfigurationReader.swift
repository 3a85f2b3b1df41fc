import Glibc
import Platform

extension Configuration {
    /// A larger file is refused unread.
    public static let maximumFileBytes = 1 << 20

    /// Reads a configuration file.
    ///
    /// - Parameter absentIsDefault: whether a file that does not exist means the defaults.
    public static func load(
        path: String, absentIsDefault: Bool = false
    ) throws(ConfigurationProblems) -> Configuration {
        func refuse(_ message: String) -> ConfigurationProblems {
            ConfigurationProblems(problems: [ConfigurationProblem(file: path, at: nil, message)])
        }
        let bytes: [UInt8]
        do {
            // Non-blocking: opening a FIFO must not hang the start of the daemon.
            let file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard try file.status().st_mode & S_IFMT == S_IFREG else { throw refuse("not a regular file") }
            bytes = try file.readAll(limit: maximumFileBytes + 1)
        } catch let error as Errno {
            if absentIsDefault, error.code == ENOENT { return Configuration() }
            throw refuse("cannot be read: \(error)")
        } catch {
            throw refuse("not a regular file")
        }
        return try Configuration(yaml: bytes, file: path)
    }

    /// Reads the text of a configuration file; what it does not set keeps its default.
    ///
    /// - Parameter file: the name in front of every problem.
    /// - Throws: everything that is wrong, not only the first thing.
    public init(yaml bytes: [UInt8], file: String) throws(ConfigurationProblems) {
        self.init()
        var problems = ProblemList(file: file)
        if bytes.count > Configuration.maximumFileBytes {
            problems.add(nil, "larger than \(Size.write(Configuration.maximumFileBytes))")
        } else {
            do {
                if let root = try YamlReader.read(bytes), !root.isNull {
                    ConfigurationReader.read(root, under: "", into: &self, &problems)
                }
            } catch { problems.add(error.mark, error.message) }
        }
        if !problems.problems.isEmpty { throw ConfigurationProblems(problems: problems.problems) }
    }
}

/// Walks a tree along the schema.
enum ConfigurationReader {
    static func read(
        _ node: YamlNode, under prefix: String, into configuration: inout Configuration, _ problems: inout ProblemList
    ) {
        let place = prefix.isEmpty ? "the file" : String(prefix.dropLast())
        MappingReader.each(of: node, place, known: children(of: prefix), &problems) { key, value, problems in
            let full = prefix + key
            if let setting = ConfigurationSchema.settings.first(where: { $0.key == full }) {
                setting.assign(value, &configuration, &problems)
            } else if !value.isNull {
                read(value, under: full + ".", into: &configuration, &problems)
            }
        }
    }

    /// The keys that may stand directly below a prefix.
    static func children(of prefix: String) -> [String] {
        var names: [String] = []
        for setting in ConfigurationSchema.settings where setting.key.hasPrefix(prefix) {
            let name = String(setting.key.dropFirst(prefix.count).prefix { $0 != "." })
            if !names.contains(name) { names.append(name) }
        }
        return names
    }
}

/// Walks a mapping whose keys are known.
enum MappingReader {
    /// Calls `body` for each known key once; reports unknown and duplicate keys.
    static func each(
        of node: YamlNode, _ place: String, known: [String], _ problems: inout ProblemList,
        _ body: (String, YamlNode, inout ProblemList) -> Void
    ) {
        guard case .mapping(let pairs) = node.content else {
            problems.add(node.mark, "\(place): expected a mapping with \(listed(known)), found \(node.shown)")
            return
        }
        var lines: [String: Int] = [:]
        for pair in pairs {
            guard let key = pair.key.text, known.contains(key) else {
                problems.add(pair.key.mark, unknown(pair.key, place, known))
                continue
            }
            if let line = lines[key] {
                problems.add(pair.key.mark, "\(key) is set twice, first in line \(line)")
                continue
            }
            lines[key] = pair.key.mark.line
            body(key, pair.value, &problems)
        }
    }

    private static func unknown(_ key: YamlNode, _ place: String, _ known: [String]) -> String {
        let start = "unknown key \(key.shown) in \(place)"
        guard let text = key.text else { return start }
        if let near = Spelling.nearest(to: text, among: known) { return "\(start): did you mean \(near)?" }
        // A setting at the wrong level: its last name is right.
        if let full = ConfigurationSchema.settings.first(where: { $0.key.hasSuffix("." + text) }) {
            return "\(start): did you mean \(full.key)?"
        }
        return "\(start); known are \(listed(known))"
    }

    private static func listed(_ names: [String]) -> String { names.joined(separator: ", ") }
}
