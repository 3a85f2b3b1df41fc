import CPlatform
import Glibc
import Platform
import Unwinder

/// Samples of one live process, with their stacks one behind the other in memory, as a profiler meets them.
@safe
final class Corpus {
    struct Sample {
        var registers: Registers
        var offset: Int
        var count: Int
        var isCut: Bool
    }

    private(set) var samples: [Sample] = []
    private let arena: UnsafeMutableRawPointer
    private var used = 0
    private static let capacity = 128 << 20

    init() { unsafe arena = .allocate(byteCount: Self.capacity, alignment: 4096) }
    deinit { unsafe arena.deallocate() }

    /// Bytes of stacks.
    var byteCount: Int { used }

    /// The bytes of a sample's stack.
    func stack(_ index: Int) -> UnsafeRawBufferPointer {
        // SAFETY: offset and count were inside the arena when they were stored.
        unsafe UnsafeRawBufferPointer(start: arena + samples[index].offset, count: samples[index].count)
    }

    /// A sample for an engine.
    func sample(_ index: Int) -> StackSample {
        unsafe StackSample(
            registers: samples[index].registers, stack: stack(index), isCut: samples[index].isCut)
    }

    /// Samples all CPUs 499 times a second with the largest dumps until there are enough of one process, or the time
    /// is over.
    func record(pid: Int32, count: Int, seconds: Double) throws {
        let sampling = PerfSampling(periodNanoseconds: 2_004_008, userOnly: true)
        let events = try (0..<Int32(sysconf(Int32(_SC_NPROCESSORS_ONLN)))).map {
            try PerfEvent(sampling, cpu: $0, dataBytes: 8 << 20)
        }
        for event in events { try event.enable() }
        let end = SystemTime().monotonic() + UInt64(seconds * 1e9)
        while samples.count < count, SystemTime().monotonic() < end {
            usleep(20_000)
            for event in events { drain(event, pid: pid, count: count) }
        }
    }

    private func drain(_ event: PerfEvent, pid: Int32, count: Int) {
        event.ring.refresh()
        while let record = unsafe event.ring.peek() {
            if samples.count < count { unsafe take(record, pid: pid) }
            event.ring.advance()
        }
        event.ring.release()
    }

    /// Layout of the record: perf_event.h, PERF_RECORD_SAMPLE, for the fields that `PerfSampling` asks for.
    private func take(_ record: UnsafeRawBufferPointer, pid: Int32) {
        func word(_ offset: Int) -> UInt64 {
            // SAFETY: checked against the record's size right here.
            guard offset >= 0 && offset + 8 <= record.count else { return 0 }
            return unsafe record.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        }
        guard UInt32(truncatingIfNeeded: word(0)) == PERF_RECORD_SAMPLE.rawValue,
            Int32(truncatingIfNeeded: word(16)) == pid
        else { return }
        let chain = Int(min(word(40), 127))
        let registers = 56 + chain * 8
        guard word(registers - 8) != 0 else { return }
        let size = Int(min(word(registers + 160), 65536))
        let stack = registers + 168
        let count = Int(min(word(stack + size), UInt64(size)))
        guard count > 0, stack + size <= record.count, used + count <= Self.capacity,
            let start = record.baseAddress
        else { return }
        var sample = Sample(registers: Registers(), offset: used, count: count, isCut: count == size)
        for index in 0..<17 { sample.registers.values[index] = word(registers + Registers.perfOrder[index] * 8) }
        // SAFETY: both ranges were checked above.
        unsafe (arena + used).copyMemory(from: start + stack, byteCount: count)
        used += (count + 63) & ~63
        samples.append(sample)
    }
}
