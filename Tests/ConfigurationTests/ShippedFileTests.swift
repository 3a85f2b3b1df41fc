import Foundation
import Testing

@testable import Configuration

/// `config/hearth.yaml` is the documentation of the schema: every key, its true default.
struct ShippedFileTests {
    static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "config/hearth.yaml").path

    @Test func parsesToTheDefaults() throws {
        #expect(try Configuration.load(path: Self.path) == Configuration())
    }

    /// Every setting stands in the file, alone on its line, with the value that the code has, below a comment.
    @Test func documentsEverySetting() throws {
        let lines = try String(contentsOfFile: Self.path, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        for setting in ConfigurationSchema.settings {
            let parts = setting.key.split(separator: ".")
            var from = 0
            if parts.count == 2 { from = try #require(lines.firstIndex { $0 == parts[0] + ":" }) + 1 }
            let indent = String(repeating: " ", count: 2 * (parts.count - 1))
            let wanted = "\(indent)\(parts[parts.count - 1]): \(setting.show(Configuration()))"
            let at = try #require(lines[from...].firstIndex { $0 == wanted }, "no line `\(wanted)` for \(setting.key)")
            #expect(lines[at - 1].hasPrefix("\(indent)# "), "\(setting.key) has no comment above it")
        }
    }

    /// A key of the schema is a field of the struct: setting one changes the value.
    @Test func everySettingReachesItsField() throws {
        let changed: [String: String] = [
            "listen": "[127.0.0.1:1]", "state_dir": "/x", "log.level": "error", "sampling.hertz": "7",
            "sampling.jitter": "0.5", "sampling.wakeup": "immediate", "sampling.ring_bytes": "1MiB",
            "sampling.kernel_stacks": "false", "sampling.stack_dump_bytes": "16KiB", "memory.store_bytes": "2MiB",
            "memory.symbols_bytes": "2MiB", "memory.unwind_bytes": "3MiB", "windows.retention": "30s",
            "targets.rules": "[{match: {exe: a}, name: b}]", "paths.proc": "/p", "paths.sys": "/s",
            "paths.cgroup": "/c", "paths.kallsyms": "/k", "http.allowed_hosts": "[a.example]",
            "http.max_recordings": "2", "symbols.debug_dirs": "[/d]", "unwinder.verify_every": "7",
        ]
        #expect(Set(changed.keys) == Set(ConfigurationSchema.settings.map(\.key)))
        var seen: Set<Configuration> = [Configuration()]
        for setting in ConfigurationSchema.settings {
            let parts = setting.key.split(separator: ".")
            let value = try #require(changed[setting.key])
            let text = parts.count == 1 ? "\(parts[0]): \(value)" : "\(parts[0]):\n  \(parts[1]): \(value)\n"
            let configuration = try Configuration(yaml: Array(text.utf8), file: "t")
            #expect(seen.insert(configuration).inserted, "\(setting.key) changed nothing")
            if setting.key != "targets.rules" { #expect(setting.show(configuration) == value) }
        }
    }
}
