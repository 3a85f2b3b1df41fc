import Configuration
import Platform
import StackFixtures

/// Configuration files: whoever edits one makes mistakes.
final class ConfigurationSuite: FuzzSuite {
    static let name = "configuration"

    init() {}

    /// The shipped file, its settings uncommented one by one.
    func seeds() throws -> [[UInt8]] {
        let root = FixtureFolder.path.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try FileDescriptor.open("/\(root)/config/hearth.yaml").readAll(limit: 1 << 20)
        let lines = String(decoding: file, as: UTF8.self).split(separator: "\n")
        let settings = lines.filter { !$0.drop { $0 == " " }.hasPrefix("# ") }
        return [
            settings.joined(separator: "\n"), "sampling:\n  hertz: 99\n",
            "targets:\n  rules:\n    - name: a\n      match: {exe: b*}\n",
            "a: &b [1, {c: *b}]\n", "listen: ['127.0.0.1:1', unix:/a]\n",
        ].map { Array($0.utf8.prefix(Self.maximumInput)) }
    }

    func run(_ input: [UInt8]) {
        do {
            _ = try Configuration(yaml: input, file: "m")
        } catch {
            promise(!error.problems.isEmpty && error.description.hasPrefix("m:"))
        }
    }
}
