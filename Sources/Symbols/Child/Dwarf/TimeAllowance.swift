import Platform

/// CPU and wall time that a request may still use. The clock is read every 64 steps only.
struct TimeAllowance {
    private let cpuEnd: UInt64
    private let wallEnd: UInt64
    private var steps: UInt8 = 0
    /// Whether the time is used up; stays so.
    private(set) var isUsedUp = false

    /// - Parameter nanoseconds: of CPU time from now on; four times as much may pass by the clock, for files that must
    ///   first come from a disk.
    init(nanoseconds: UInt64) {
        cpuEnd = SystemTime.processCPU() &+ nanoseconds
        wallEnd = SystemTime().monotonic() &+ 4 &* nanoseconds
    }

    /// Counts a step; true when the time is used up.
    mutating func step() -> Bool {
        steps &+= 1
        return steps & 63 == 0 ? check() : isUsedUp
    }

    /// Reads the clocks.
    mutating func check() -> Bool {
        if !isUsedUp { isUsedUp = SystemTime.processCPU() >= cpuEnd || SystemTime().monotonic() >= wallEnd }
        return isUsedUp
    }
}
