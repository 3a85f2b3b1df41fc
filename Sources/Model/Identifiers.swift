/// A module that frames belong to: an ELF file, the kernel, the vDSO, or code that a runtime made.
/// Dense, given out by the sampler's module table, never reused while the daemon runs.
public struct ModuleID: Hashable, Sendable, RawRepresentable {
    /// Dense number.
    public var rawValue: UInt32
    /// An identifier by its number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Frames for which no mapping was known; their address is the virtual address of the process.
    public static let unknown = ModuleID(rawValue: 0)
    /// The running kernel and its modules; the address is the kernel's virtual address.
    public static let kernel = ModuleID(rawValue: 1)
    /// Frames that stand for a fact instead of an address; the address is a ``Marker``.
    public static let marker = ModuleID(rawValue: 2)
    /// The first identifier that a module table gives out.
    public static let firstDynamic = ModuleID(rawValue: 16)
}

/// One process, safe against reuse of its pid.
public struct ProcessKey: Hashable, Sendable {
    /// The pid in the namespace of the daemon.
    public var pid: Int32
    /// Start of the process: clock ticks since boot as in `/proc/PID/stat` field 22 for processes found by the scan,
    /// nanoseconds of CLOCK_MONOTONIC of its FORK record otherwise. Only equality has a meaning.
    public var start: UInt64
    /// A process by its pid and start.
    public init(pid: Int32, start: UInt64) {
        self.pid = pid
        self.start = start
    }
}

/// What a weight measures: one value of `kind=` in the interface.
public enum SampleKind: String, Sendable, CaseIterable {
    /// Time on a CPU, in nanoseconds.
    case cpu

    /// The pprof sample type of the weight.
    public var typeName: String { "cpu" }
    /// The pprof unit of the weight.
    public var unit: String { "nanoseconds" }
}

/// A ``SampleContext`` that a sink has interned.
public struct ContextID: Hashable, Sendable, RawRepresentable {
    /// Number given by the sink.
    public var rawValue: UInt32
    /// An identifier by its number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}
