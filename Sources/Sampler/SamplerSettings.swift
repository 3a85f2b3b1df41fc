/// How to sample.
public struct SamplerSettings: Sendable {
    /// When a reader is woken.
    public enum Wakeup: String, Sendable {
        /// When a ring is half full, or every 250 ms: cheapest.
        case batched
        /// At each sample: 35–43 µs later, for about 9 µs of CPU more.
        case immediate
    }

    /// Which tasks are sampled.
    public enum Scope: Sendable {
        /// Every process; needs CAP_PERFMON.
        case host
        /// A process and what it starts, out of the samples of the host; needs CAP_PERFMON.
        case tree(Int32)
        /// These processes and what they start from now on: what a user may do with own processes.
        case processes([Int32])
    }

    /// Which tasks are sampled.
    public var scope: Scope
    /// Samples per second and CPU.
    public var hertz: Int
    /// Largest relative deviation of the period, 0…0.9.
    public var jitter: Double
    /// When the kernel wakes the reader.
    public var wakeup: Wakeup
    /// Bytes of one ring, rounded down to a power of two; `nil`: from the number of CPUs and the rate.
    public var requestedRingBytes: Int?
    /// Bytes of stack copied with each sample.
    public var stackBytes: UInt32
    /// Sample user code only.
    public var userOnly: Bool
    /// Root of the proc file system.
    public var procRoot: String
    /// Root of the cgroup v2 hierarchy, empty if there is none.
    public var cgroupRoot: String
    /// Files of targets kept open for reading.
    public var openFiles: Int

    /// Settings of the interface, the defaults.
    public init() {
        scope = .host
        hertz = 99
        jitter = 0.2
        wakeup = .batched
        requestedRingBytes = nil
        stackBytes = 65528
        userOnly = false
        procRoot = "/proc"
        cgroupRoot = "/sys/fs/cgroup"
        openFiles = 1024
    }

    /// The period in ns that the rate asks for.
    var nominalPeriod: UInt64 { 1_000_000_000 / UInt64(max(1, hertz)) }

    /// The smallest ring that is tried: four samples with their dumps.
    static let smallestRing = 256 << 10
    private static let largestRing = 8 << 20
    /// Rings are kernel memory, pinned: this much for all CPUs together unless each would get less than 1 MiB.
    private static let ringTotal = 64 << 20

    /// Room for about 0.6 s of samples, more than two wake-ups.
    func ringBytes(cpus: Int) -> Int {
        let wanted = requestedRingBytes ?? hertz * (Int(stackBytes) + 512) * 6 / 10
        let share = max(Self.ringTotal / max(1, cpus), 1 << 20)
        let size = requestedRingBytes == nil ? min(wanted, share) : wanted
        return min(max(size.roundedUpToPowerOfTwo, Self.smallestRing), Self.largestRing)
    }
}

extension Int {
    fileprivate var roundedUpToPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
