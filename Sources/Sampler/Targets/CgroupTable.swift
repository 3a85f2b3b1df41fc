import Glibc
import Platform

/// cgroup ids to names: the tree is walked once, later groups are told by the kernel.
///
/// The id in a sample is the inode number of the group's folder in the v2 hierarchy (kernel/cgroup/cgroup.c, `cgroup_id`).
struct CgroupTable {
    static let maximumGroups = 1 << 16

    private var names: [UInt64: CgroupName] = [:]
    let root: String

    init(root: String) { self.root = root }

    /// Walks the hierarchy below the root.
    mutating func scan() {
        guard !root.isEmpty else { return }
        scan(folder: root, path: "/", depth: 0)
    }

    private mutating func scan(folder: String, path: String, depth: Int) {
        var status = stat()
        guard depth < 32, names.count < Self.maximumGroups, unsafe lstat(folder, &status) == 0 else { return }
        names[UInt64(status.st_ino)] = CgroupName(path: path)
        for child in Self.folders(in: folder) {
            scan(folder: folder + "/" + child, path: path == "/" ? "/" + child : path + "/" + child, depth: depth + 1)
        }
    }

    private static func folders(in path: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var folders: [String] = []
        while let entry = unsafe readdir(directory) {
            guard unsafe entry.pointee.d_type == UInt8(DT_DIR) else { continue }
            // SAFETY: d_name is a C string inside of the entry, which lives until the next readdir.
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { folders.append(name) }
        }
        return folders
    }

    /// A group that was made while sampling.
    mutating func add(id: UInt64, path: String) {
        guard names.count < Self.maximumGroups else { return }
        names[id] = CgroupName(path: path)
    }

    /// The name of a group; the root for ids that are not known.
    func name(of id: UInt64) -> CgroupName? { names[id] }
}
