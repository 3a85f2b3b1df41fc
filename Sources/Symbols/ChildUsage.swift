import Glibc
import Platform

/// What `/proc` says about the child.
enum ChildUsage {
    /// Field 24 of `/proc/PID/stat` (pages), as bytes; 0 if the process is gone. See proc(5).
    static func residentBytes(pid: Int32) -> Int {
        guard let file = try? FileDescriptor.open("/proc/\(pid)/stat"), let bytes = try? file.readAll(limit: 4096),
            let end = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return 0 }
        let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 21, let pages = Int(String(decoding: fields[21], as: UTF8.self)) else { return 0 }
        return pages * Int(getpagesize())
    }
}
