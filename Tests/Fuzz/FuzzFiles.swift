import Glibc
import Platform
import StackFixtures

/// Inputs as files.
enum FuzzFiles {
    /// Inputs that once were findings, a folder for each suite.
    static let findings = FixtureFolder.path.split(separator: "/").dropLast().joined(separator: "/")

    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
        var done = 0
        while done < bytes.count {
            done += try retrying {
                unsafe bytes.withUnsafeBytes { all in
                    // SAFETY: done < count.
                    unsafe Glibc.write(file.number, all.baseAddress.map { unsafe $0 + done }, bytes.count - done)
                }
            }
        }
    }

    /// Inputs of a suite in the repository, by the names of their files.
    static func kept(_ suite: String) throws -> [(name: String, input: [UInt8])] {
        let folder = "/\(findings)/fuzz/\(suite)"
        guard let open = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(open) }
        var found: [(String, [UInt8])] = []
        while let entry = unsafe readdir(open) {
            // SAFETY: d_name is a C string inside the entry, which lives until the next readdir.
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix(".") { continue }
            found.append((name, try FileDescriptor.open("\(folder)/\(name)").readAll(limit: 1 << 20)))
        }
        return found.sorted { $0.0 < $1.0 }
    }
}
