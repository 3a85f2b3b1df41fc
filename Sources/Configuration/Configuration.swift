/// Every setting of the daemon, with its default. The file that sets them is described in `config/hearth.yaml`;
/// ``ConfigurationSchema`` joins the two.
public struct Configuration: Hashable, Sendable {
    /// Where the daemon listens unless systemd passed sockets.
    public var listen: [ListenAddress] = [
        .tcp(host: "127.0.0.1", port: 9797), .unix(path: "/run/hearth/hearth.sock"),
    ]
    /// Folder of what outlives the daemon.
    public var stateDirectory = "/var/lib/hearth"
    /// See ``Log``.
    public var log = Log()
    /// See ``Sampling``.
    public var sampling = Sampling()
    /// See ``Unwinder``.
    public var unwinder = Unwinder()
    /// See ``Memory``.
    public var memory = Memory()
    /// See ``Windows``.
    public var windows = Windows()
    /// How processes are joined to targets.
    public var targets = Targets()
    /// See ``Paths``.
    public var paths = Paths()
    /// See ``HTTP``.
    public var http = HTTP()
    /// See ``Symbols``.
    public var symbols = Symbols()

    /// The built-in defaults.
    public init() {}

    /// What is written to the log.
    public struct Log: Hashable, Sendable {
        /// The least important level that is written.
        public var level = LogLevel.info
    }

    /// How stacks are taken.
    public struct Sampling: Hashable, Sendable {
        /// Samples per second and CPU.
        public var hertz = 99
        /// Share of the period by which it is varied at random in either direction, 0…0.9.
        public var jitter = 0.2
        /// When the daemon wakes up for samples.
        public var wakeup = Wakeup.batched
        /// Bytes of one CPU's ring, a power of two; `nil`: as large as CPUs and the memlock limit allow.
        public var ringBytes: Int?
        /// Whether the kernel's part of a stack is recorded.
        public var kernelStacks = true
        /// Bytes of the user stack that are copied with each sample, a multiple of 8, at most 65,528.
        public var stackDumpBytes = 65_528
    }

    /// How stacks are walked.
    public struct Unwinder: Hashable, Sendable {
        /// One in how many stacks is walked by a second engine as well, to count differences; 0: none.
        public var verifyEvery = 1000
    }

    /// What the stages may hold, in bytes.
    public struct Memory: Hashable, Sendable {
        /// Stacks and windows.
        public var storeBytes = 16 << 20
        /// Names and the tables they come from, in both processes.
        public var symbolsBytes = 4 << 20
        /// Unwind tables and blocks of target files.
        public var unwindBytes = 2 << 20
    }

    /// What is kept in memory.
    public struct Windows: Hashable, Sendable {
        /// Age of the oldest one-second slot.
        public var retention = Duration.seconds(15 * 60)
    }

    /// How processes are joined to targets.
    public struct Targets: Hashable, Sendable {
        /// The first rule that matches a process decides.
        public var rules = TargetRules()
    }

    /// Where the daemon reads the host from.
    public struct Paths: Hashable, Sendable {
        /// Root of procfs.
        public var proc = "/proc"
        /// Root of sysfs.
        public var sys = "/sys"
        /// Root of the cgroup v2 hierarchy; `nil`: found in the mounts.
        public var cgroup: String?
        /// Table of kernel symbols; `nil`: the one of ``proc``.
        public var kallsyms: String?

        /// The file that ``kallsyms`` means.
        public var kallsymsFile: String { kallsyms ?? proc + "/kallsyms" }
    }

    /// What the server accepts.
    public struct HTTP: Hashable, Sendable {
        /// Names beside localhost and its addresses that a request's Host header may carry.
        public var allowedHosts: [String] = []
        /// Recordings that may run at the same time.
        public var maxRecordings = 4
    }

    /// Where names come from.
    public struct Symbols: Hashable, Sendable {
        /// Folders of separate debug files, the first that has one wins.
        public var debugDirectories = ["/usr/lib/debug"]
    }
}

/// The importance of a line of the log; the raw values are those of swift-log.
public enum LogLevel: String, Sendable, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
}

/// When the daemon wakes up for samples.
public enum Wakeup: String, Sendable, CaseIterable {
    /// When a ring is half full or a fraction of a second has passed: the cheapest.
    case batched
    /// At every sample.
    case immediate
}

/// An address to listen on, written `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`.
public enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// A TCP address; the host is an address or a name, port 0 lets the system choose.
    case tcp(host: String, port: Int)
    /// A socket file; a path of more than 107 bytes does not fit `sockaddr_un`.
    case unix(path: String)

    /// Parses an address; `nil` if it has neither form.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/"), path.utf8.count <= 107 else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        let plain = host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }
        guard !host.isEmpty, host.utf8.count <= 255, plain else { return nil }
        self = .tcp(host: String(host), port: Int(port))
    }

    /// The written form.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
