import Glibc
import Platform

/// The recorded stacks of the repository.
public enum FixtureFolder {
    /// Absolute path.
    public static let path =
        "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures/stacks"

    /// Names of all, sorted.
    public static let names: [String] = listed()

    private static func listed() -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var found: [String] = []
        while let entry = unsafe readdir(folder) {
            // SAFETY: d_name is a C string inside the entry, which lives until the next readdir.
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".stack") { found.append(String(name.dropLast(".stack".count))) }
        }
        return found.sorted()
    }

    /// Reads one by its name.
    public static func load(_ name: String) throws -> StackFixture {
        let bytes = try FileDescriptor.open("\(path)/\(name).stack").readAll(limit: StackFixture.maximumSize + 1)
        return try StackFixture(text: String(decoding: bytes, as: UTF8.self))
    }
}
