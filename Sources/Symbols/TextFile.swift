import Glibc
import Platform

/// Size and identity of a text that may grow; the child cannot ask for them itself.
struct TextFile {
    var size: UInt64 = 0
    var identity: UInt64 = 0

    init(_ source: ModuleFiles) {
        guard source.kind == .perfMap, let status = try? source.main.descriptor.status() else { return }
        size = UInt64(clamping: status.st_size)
        identity = UInt64(status.st_ino) &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(status.st_dev)
    }
}
