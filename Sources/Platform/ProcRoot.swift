import Glibc

/// Where procfs and sysfs are mounted. Tests point it at a folder of files, a container at the host's mounts.
public struct ProcRoot: Hashable, Sendable {
    /// Root of procfs, without a slash at the end.
    public var proc: String
    /// Root of sysfs, without a slash at the end.
    public var sys: String

    /// The mounts of this host unless said otherwise.
    public init(proc: String = "/proc", sys: String = "/sys") {
        self.proc = proc
        self.sys = sys
    }

    /// Opens a file below the root of procfs. Never blocks, also where the name is a FIFO.
    public func open(_ path: String) throws(Errno) -> FileDescriptor {
        try FileDescriptor.open("\(proc)/\(path)", O_RDONLY | O_NONBLOCK | O_NOCTTY)
    }

    /// Opens a file below the root of sysfs.
    public func openSys(_ path: String) throws(Errno) -> FileDescriptor {
        try FileDescriptor.open("\(sys)/\(path)", O_RDONLY | O_NONBLOCK | O_NOCTTY)
    }

    /// The content of a file of procfs, at most `limit` bytes.
    public func read(_ path: String, limit: Int = 1 << 20) throws(Errno) -> [UInt8] {
        try open(path).readAll(limit: limit)
    }

    /// The content of a file of sysfs, at most `limit` bytes.
    public func readSys(_ path: String, limit: Int = 1 << 16) throws(Errno) -> [UInt8] {
        try openSys(path).readAll(limit: limit)
    }

    /// The number in a file of procfs with one number, such as those of `sys/kernel`; `nil` if it cannot be read.
    public func number(_ path: String) -> Int? {
        guard let bytes = try? read(path, limit: 64) else { return nil }
        return Int(String(decoding: bytes, as: UTF8.self).trimmedLine)
    }

    /// The first line of a file of procfs; `nil` if it cannot be read.
    public func line(_ path: String) -> String? {
        guard let bytes = try? read(path, limit: 4096) else { return nil }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}

extension String {
    /// The text without blanks and line ends at its borders.
    var trimmedLine: Substring {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0.isNewline }
        var text = self[...]
        while let first = text.first, blank(first) { text.removeFirst() }
        while let last = text.last, blank(last) { text.removeLast() }
        return text
    }
}
