import CPlatform
import Glibc

/// What a sampling event records; turned into `perf_event_attr`.
public struct PerfSampling: Sendable {
    /// Sampling period in nanoseconds of CPU time.
    public var periodNanoseconds: UInt64
    /// Bytes of user stack to ask for with each sample: a multiple of 8, at most 65528 (`perf_copy_attr` refuses more).
    public var stackBytes: UInt32
    /// Leave out kernel callchains and samples in the kernel, which need privilege.
    public var userOnly: Bool
    /// Wake the reader when this many bytes are in the ring; 0: at each record.
    public var wakeupBytes: UInt32
    /// Sample children that the task forks as well.
    public var inherit = false
    /// Report mappings, names, forks and exits as well.
    public var reportsChanges = true

    /// Everything that a walk needs is recorded with each sample.
    public init(periodNanoseconds: UInt64, stackBytes: UInt32 = 65528, userOnly: Bool = false, wakeupBytes: UInt32 = 0)
    {
        self.periodNanoseconds = periodNanoseconds
        self.stackBytes = stackBytes
        self.userOnly = userOnly
        self.wakeupBytes = wakeupBytes
    }

    /// Registers of x86-64 that a walk needs: all but the segment registers, flags excluded nothing
    /// (arch/x86/include/uapi/asm/perf_regs.h: AX…SS and R8…R15).
    public static let registerMask: UInt64 = 0xff0fff
    /// Number of registers in `registerMask`.
    public static let registerCount = 20

    /// Layout of the sample records, in the order of perf_event.h's comment on PERF_RECORD_SAMPLE:
    /// IP, TID, TIME, CPU, CALLCHAIN, REGS_USER, STACK_USER, CGROUP.
    static let sampleType: UInt64 =
        UInt64(PERF_SAMPLE_IP.rawValue) | UInt64(PERF_SAMPLE_TID.rawValue) | UInt64(PERF_SAMPLE_TIME.rawValue)
        | UInt64(PERF_SAMPLE_CPU.rawValue) | UInt64(PERF_SAMPLE_CALLCHAIN.rawValue)
        | UInt64(PERF_SAMPLE_REGS_USER.rawValue) | UInt64(PERF_SAMPLE_STACK_USER.rawValue)
        | UInt64(PERF_SAMPLE_CGROUP.rawValue)

    /// The attribute of a cpu-clock event that can also report mappings, names, forks and exits in band.
    func attribute() -> perf_event_attr {
        var attr = perf_event_attr()
        attr.type = PERF_TYPE_SOFTWARE.rawValue
        attr.size = UInt32(MemoryLayout<perf_event_attr>.size)
        attr.config = UInt64(PERF_COUNT_SW_CPU_CLOCK.rawValue)
        attr.sample_period = periodNanoseconds
        attr.sample_type = Self.sampleType
        attr.sample_regs_user = Self.registerMask
        attr.sample_stack_user = stackBytes
        attr.exclude_callchain_user = 1
        attr.exclude_kernel = userOnly ? 1 : 0
        attr.exclude_hv = userOnly ? 1 : 0
        attr.exclude_idle = 1
        attr.disabled = 1
        attr.inherit = inherit ? 1 : 0
        attr.sample_id_all = 1
        attr.use_clockid = 1
        attr.clockid = CLOCK_MONOTONIC
        if reportsChanges { setSideBand(&attr) }
        if wakeupBytes > 0 {
            attr.watermark = 1
            attr.wakeup_watermark = wakeupBytes
        } else {
            attr.wakeup_events = 1
        }
        return attr
    }

    private func setSideBand(_ attr: inout perf_event_attr) {
        attr.mmap = 1
        attr.mmap2 = 1
        attr.comm = 1
        attr.comm_exec = 1
        attr.task = 1
        attr.cgroup = 1
        attr.build_id = 1
    }
}

/// An open perf event with its ring; closes and unmaps at its end.
public final class PerfEvent {
    private let descriptor: FileDescriptor
    /// The ring that the kernel writes.
    public var ring: PerfRing
    /// The CPU that is sampled, −1 for a task on any CPU.
    public let cpu: Int32

    /// Opens, maps and leaves the event disabled.
    ///
    /// - Parameters:
    ///   - pid: −1 for all processes (needs CAP_PERFMON), else one task.
    ///   - dataBytes: size of the ring, a power of two of pages.
    /// - Throws: EACCES and EPERM where privilege or the memlock limit is missing, ENOENT without the event.
    public init(_ sampling: PerfSampling, pid: Int32 = -1, cpu: Int32, dataBytes: Int) throws(Errno) {
        var attr = sampling.attribute()
        // SAFETY: the attribute outlives the call, which copies it.
        let opened = FileDescriptor(
            owning: try retrying {
                unsafe hearth_perf_event_open(&attr, pid, cpu, -1, UInt(PERF_FLAG_FD_CLOEXEC))
            })
        let mapped = try PerfRing(descriptor: opened.number, dataBytes: dataBytes)
        descriptor = opened
        ring = mapped
        self.cpu = cpu
    }

    /// The descriptor for poll(2).
    public var number: Int32 { descriptor.number }

    /// Starts sampling.
    public func enable() throws(Errno) { _ = try retrying { hearth_perf_enable(descriptor.number) } }

    /// Stops sampling.
    public func disable() throws(Errno) { _ = try retrying { hearth_perf_disable(descriptor.number) } }

    /// Rings the bell at each sample, or no longer.
    public func setBell(_ bell: SampleBell, isOn: Bool) throws(Errno) { try bell.attach(descriptor.number, isOn: isOn) }

    /// Changes the period. The kernel restarts the timer: what had passed of the old period is not sampled.
    public func setPeriod(nanoseconds: UInt64) throws(Errno) {
        _ = try retrying { hearth_perf_set_period(descriptor.number, nanoseconds) }
    }
}

/// An event of a further task whose samples go into the ring of another event.
public final class FollowingEvent {
    private let descriptor: FileDescriptor

    /// Opens the event disabled, on the CPU of `leader`.
    public init(_ sampling: PerfSampling, pid: Int32, into leader: PerfEvent) throws(Errno) {
        var attr = sampling.attribute()
        // SAFETY: the attribute outlives the call, which copies it.
        let opened = FileDescriptor(
            owning: try retrying {
                unsafe hearth_perf_event_open(&attr, pid, leader.cpu, -1, UInt(PERF_FLAG_FD_CLOEXEC))
            })
        _ = try retrying { hearth_perf_set_output(opened.number, leader.number) }
        descriptor = opened
    }

    /// Starts sampling.
    public func enable() throws(Errno) { _ = try retrying { hearth_perf_enable(descriptor.number) } }

    /// Rings the bell at each sample, or no longer.
    public func setBell(_ bell: SampleBell, isOn: Bool) throws(Errno) { try bell.attach(descriptor.number, isOn: isOn) }
}
