import CPlatform
import Glibc
import TestKit
import Testing

@testable import Platform

/// A real event on a thread of this process, read through its ring.
struct PerfEventTests {
    /// Whether the kernel lets us sample ourselves; else the test has nothing to look at.
    static let isAllowed =
        (try? PerfEvent(PerfSampling(periodNanoseconds: 1_000_000, userOnly: true), pid: 0, cpu: -1, dataBytes: 1 << 16))
        != nil

    /// Burns CPU until this thread has used `nanoseconds` more.
    private func burn(_ nanoseconds: UInt64) {
        let end = SystemTime.threadCPU() + nanoseconds
        while SystemTime.threadCPU() < end {}
    }

    private struct Seen {
        var times: [UInt64] = []
        var sizes: Set<Int> = []
        var isWhole = true
    }

    /// Takes everything out of the ring.
    private func drain(_ event: PerfEvent, into seen: inout Seen) {
        event.ring.refresh()
        while let record = unsafe event.ring.peek() {
            let header = event.ring.peekWord(at: 0)
            let type = UInt32(truncatingIfNeeded: header ?? 0)
            seen.isWhole = seen.isWhole && record.count == Int((header ?? 0) >> 48)
            if type == PERF_RECORD_SAMPLE.rawValue {
                // Header, IP, TID, then the time.
                seen.times.append(event.ring.peekWord(at: 24) ?? 0)
                seen.sizes.insert(record.count)
                let time = unsafe record.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
                seen.isWhole = seen.isWhole && time == seen.times.last
            }
            event.ring.advance()
        }
        event.ring.release()
    }

    /// Records come in order, each with the period's time between; far more bytes pass than the ring has, so that records
    /// wrap around its end many times.
    @Test(.enabled(if: isAllowed, "perf events are not permitted here")) func samplesInOrder() throws {
        let period: UInt64 = 1_000_000
        let sampling = PerfSampling(periodNanoseconds: period, stackBytes: 4096, userOnly: true)
        let event = try PerfEvent(sampling, pid: 0, cpu: -1, dataBytes: 1 << 16)
        var seen = Seen()
        burn(5_000_000)
        drain(event, into: &seen)
        #expect(seen.times.isEmpty)
        let start = SystemTime().monotonic()
        let cpu = SystemTime.threadCPU()
        try event.enable()
        for _ in 0..<60 {
            burn(5_000_000)
            drain(event, into: &seen)
        }
        try event.disable()
        drain(event, into: &seen)
        let used = SystemTime.threadCPU() - cpu
        let end = SystemTime().monotonic()
        #expect(seen.isWhole)
        #expect(event.ring.pendingBytes == 0)
        #expect(zip(seen.times, seen.times.dropFirst()).allSatisfy { $0 < $1 })
        #expect(seen.times.allSatisfy { start < $0 && $0 < end })
        // A tick in the kernel is no sample here, and a virtual machine can miss some: never more than there were periods.
        #expect(UInt64(seen.times.count) <= used / period + 1)
        #expect(seen.times.count > 30)
        #expect(seen.times.count * 4096 > 2 * event.ring.dataBytes)
        // Disabled is disabled.
        burn(5_000_000)
        let before = seen.times.count
        drain(event, into: &seen)
        #expect(seen.times.count == before)
    }

    @Test func refusals() {
        let sampling = PerfSampling(periodNanoseconds: 1_000_000, userOnly: true)
        #expect(throws: Errno(ESRCH)) { try PerfEvent(sampling, pid: .max, cpu: -1, dataBytes: 1 << 16) }
        let tooMuch = PerfSampling(periodNanoseconds: 1_000_000, stackBytes: 65536, userOnly: true)
        #expect(throws: Errno(EINVAL)) { try PerfEvent(tooMuch, pid: 0, cpu: -1, dataBytes: 1 << 16) }
    }
}
