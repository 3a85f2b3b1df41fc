import CPlatform

/// One capability; the raw value is its number in `linux/capability.h`.
public struct Capability: Hashable, Sendable, RawRepresentable, CustomStringConvertible {
    /// The bit's number.
    public var rawValue: UInt8
    /// Takes any number, also one that this list has no name for.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Open any file and search any folder.
    public static let dacReadSearch = Capability(rawValue: 2)
    /// Lock memory without a limit.
    public static let ipcLock = Capability(rawValue: 14)
    /// Read the memory of other processes.
    public static let sysPtrace = Capability(rawValue: 19)
    /// Everything that has no capability of its own, perf and BPF among it.
    public static let sysAdmin = Capability(rawValue: 21)
    /// Raise limits of resources.
    public static let sysResource = Capability(rawValue: 24)
    /// See the kernel's addresses and log.
    public static let syslog = Capability(rawValue: 34)
    /// Use perf events of all processes and the kernel.
    public static let perfmon = Capability(rawValue: 38)
    /// Load BPF programs.
    public static let bpf = Capability(rawValue: 39)

    // In the order of linux/capability.h.
    private static let names = [
        "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
        "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
        "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
        "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
        "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
        "checkpoint_restore",
    ]

    /// `cap_perfmon`, or the number where there is no name.
    public var description: String {
        Int(rawValue) < Self.names.count ? "cap_" + Self.names[Int(rawValue)] : "\(rawValue)"
    }
}

/// What a process may do and what it could give itself.
public struct CapabilitySets: Hashable, Sendable {
    /// Bits that are in force.
    public var effective: UInt64
    /// Bits that the process can put in force.
    public var permitted: UInt64

    /// Sets given as bits, the lowest one capability 0.
    public init(effective: UInt64, permitted: UInt64) {
        self.effective = effective
        self.permitted = permitted
    }

    /// The sets of this process.
    public static func own() throws(Errno) -> CapabilitySets {
        var effective: UInt64 = 0
        var permitted: UInt64 = 0
        // SAFETY: both words outlive the call, which fills them.
        _ = try retrying { unsafe hearth_capget(&effective, &permitted) }
        return CapabilitySets(effective: effective, permitted: permitted)
    }

    /// Whether a capability is in force.
    public func has(_ capability: Capability) -> Bool { effective >> UInt64(capability.rawValue) & 1 == 1 }

    /// Names of those in force, in the order of their numbers.
    public var effectiveNames: [String] { Self.names(effective) }
    /// Names of those that could be in force.
    public var permittedNames: [String] { Self.names(permitted) }

    private static func names(_ bits: UInt64) -> [String] {
        (0..<UInt8(64)).filter { bits >> UInt64($0) & 1 == 1 }.map { Capability(rawValue: $0).description }
    }
}
