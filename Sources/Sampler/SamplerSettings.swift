/// How to sample.
public struct SamplerSettings: Sendable {
    /// When a reader is woken.
    public enum Wakeup: String, Sendable {
        /// When a ring is half full, or every 250 ms: cheapest. Rings with stacks deeper than their dump wake the reader
        /// at each sample by themselves, to read on; the samples wait for their batch.
        case batched
        /// At each sample: 35–43 µs later, for about 9 µs of CPU more. A sample younger than 1 ms is taken over at the
        /// next wake-up, since one of another CPU may be older.
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
    /// One in how many stacks is walked by libunwind as well, to count how often the engines differ; 0: none.
    public var verifyEvery: Int
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
        verifyEvery = 1000
        userOnly = false
        procRoot = "/proc"
        cgroupRoot = "/sys/fs/cgroup"
        openFiles = 1024
    }

    /// The period in ns that the rate asks for.
    var nominalPeriod: UInt64 { 1_000_000_000 / UInt64(max(1, hertz)) }

    /// The smallest ring: four samples with their dumps.
    public static let smallestRing = 256 << 10
    /// The largest one that may be asked for.
    public static let largestRing = 256 << 20
    private static let largestAutomaticRing = 8 << 20
    /// Rings are kernel memory, pinned: this much for all CPUs together unless each would get less than 1 MiB.
    private static let ringTotal = 64 << 20

    /// The size that was asked for, else room for about 0.6 s of samples, more than two wake-ups.
    func ringBytes(cpus: Int) -> Int {
        if let requestedRingBytes {
            return min(max(requestedRingBytes, Self.smallestRing), Self.largestRing).roundedDownToPowerOfTwo
        }
        let wanted = hertz * (Int(stackBytes) + 512) * 6 / 10
        let share = max(Self.ringTotal / max(1, cpus), 1 << 20)
        // The next power of two above what is wanted.
        let size = (max(min(wanted, share), Self.smallestRing) * 2 - 1).roundedDownToPowerOfTwo
        return min(size, Self.largestAutomaticRing)
    }
}

extension Int {
    /// Of a positive number.
    fileprivate var roundedDownToPowerOfTwo: Int { 1 << (Int.bitWidth - 1 - leadingZeroBitCount) }
}
