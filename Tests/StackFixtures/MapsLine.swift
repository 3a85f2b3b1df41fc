public import Platform

/// A line of `/proc/PID/maps` (fs/proc/task_mmu.c, `show_map_vma`).
public struct MapsLine {
    /// Addresses that are mapped.
    public var range: Range<UInt64>
    /// The range as names in map_files have it: without zeros in front.
    public var addresses: String { String(range.lowerBound, radix: 16) + "-" + String(range.upperBound, radix: 16) }
    /// As in `r-xp`.
    public var permissions: String
    /// Offset of the first byte in the file.
    public var fileOffset: UInt64
    /// As in `fe:00`.
    public var device: String
    /// 0 for memory without a file.
    public var inode: UInt64
    /// Path of the file, a name such as `[vdso]`, or nothing.
    public var path: String

    /// Whether code runs there.
    public var isExecutable: Bool { permissions.dropFirst(2).first == "x" }
    /// Whether it can be read.
    public var isReadable: Bool { permissions.first == "r" }

    /// All lines of a process.
    public static func all(of pid: Int32) throws(Errno) -> [MapsLine] {
        let text = String(decoding: try FileDescriptor.open("/proc/\(pid)/maps").readAll(), as: UTF8.self)
        return text.split(separator: "\n").compactMap { MapsLine($0) }
    }

    private init?(_ line: Substring) {
        let words = line.split(separator: " ", maxSplits: 5)
        guard words.count >= 5 else { return nil }
        let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
        guard ends.count == 2, ends[0] < ends[1], let offset = UInt64(words[2], radix: 16), let inode = UInt64(words[4])
        else { return nil }
        range = ends[0]..<ends[1]
        permissions = String(words[1])
        fileOffset = offset
        device = String(words[3])
        self.inode = inode
        path = words.count == 6 ? String(words[5].drop { $0 == " " }) : ""
    }
}
