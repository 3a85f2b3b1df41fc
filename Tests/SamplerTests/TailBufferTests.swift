import Glibc
import Model
import Platform
import TestKit
import Testing
import Unwinder

@testable import Sampler

/// Memory of this process, read as if it were that of another.
struct TailBufferTests {
    /// A mapping of words that hold their own addresses, with a page behind it that cannot be read.
    @safe
    private final class Memory {
        let base: UnsafeMutableRawPointer
        let size: Int
        var start: UInt64 { unsafe UInt64(UInt(bitPattern: base)) }
        var end: UInt64 { start + UInt64(size) }

        init(size: Int) throws {
            self.size = size
            let mapped = unsafe mmap(nil, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            unsafe base = try #require(mapped)
            for offset in stride(from: 0, to: size, by: 8) {
                unsafe base.storeBytes(
                    of: UInt64(UInt(bitPattern: base)) + UInt64(offset), toByteOffset: offset, as: UInt64.self)
            }
            #expect(unsafe mprotect(base + size, 4096, PROT_NONE) == 0)
        }

        deinit { unsafe munmap(base, size + 4096) }

        func set(_ address: UInt64, to value: UInt64) {
            unsafe base.storeBytes(of: value, toByteOffset: Int(address - start), as: UInt64.self)
        }
    }

    private static let dump = 65_312

    /// Calls with a copy of the first bytes as the kernel would make it.
    private func withDump<Value>(of memory: Memory, _ body: (StackSample, CutSample) throws -> Value) rethrows -> Value
    {
        let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: memory.base, count: Self.dump))
        var registers = Registers()
        registers.stackPointer = memory.start
        return try unsafe bytes.withUnsafeBytes { buffer in
            let sample = unsafe StackSample(registers: registers, stack: buffer, isCut: true)
            return try body(sample, CutSample(task: getpid(), time: 1, dumpEnd: sample.stackEnd))
        }
    }

    @Test func joinsWhatIsMapped() throws {
        let memory = try Memory(size: 200 << 10)
        try withDump(of: memory) { sample, cut in
            let buffer = TailBuffer(window: 1 << 20)
            #expect(buffer.read(cut, upTo: 0) == nil)
            #expect(!buffer.isCut && buffer.cost.calls == 2)
            let joined = try #require(buffer.joined(with: sample))
            #expect(joined.stackStart == memory.start && joined.stackEnd == memory.end)
            for address in stride(from: memory.start, to: memory.end, by: 8) where joined.word(at: address) != address {
                Issue.record("\(address - memory.start)")
            }
            #expect(joined.word(at: memory.end) == nil)
        }
    }

    @Test func oneCallWhereTheEndIsKnown() throws {
        let memory = try Memory(size: 200 << 10)
        withDump(of: memory) { sample, cut in
            let buffer = TailBuffer(window: 1 << 20)
            #expect(buffer.read(cut, upTo: memory.end - 4096) == nil)
            #expect(buffer.cost.calls == 1 && !buffer.isCut)
            #expect(buffer.tailBytes == (200 << 10) - 4096 - Self.dump)
            #expect(buffer.joined(with: sample)?.stackEnd == memory.end - 4096)
            #expect(buffer.word(at: cut.dumpEnd) == cut.dumpEnd)
            #expect(buffer.word(at: memory.end - 4096) == nil && buffer.word(at: cut.dumpEnd - 8) == nil)
        }
    }

    @Test func readsBothEndsOfALargeStack() throws {
        let memory = try Memory(size: 4 << 20)
        withDump(of: memory) { sample, cut in
            let buffer = TailBuffer(window: 1 << 20)
            #expect(buffer.read(cut, upTo: memory.end) == nil)
            #expect(buffer.cost.calls == 1 && buffer.isCut)
            #expect(buffer.cost.bytes == TailBuffer.innerBytes + TailBuffer.rootBytes + TailBuffer.overlap)
            #expect(buffer.joined(with: sample)?.isCut == true)
            #expect(buffer.word(at: cut.dumpEnd + 800) == cut.dumpEnd + 800)
            #expect(buffer.word(at: memory.end - 8) == memory.end - 8)
            #expect(buffer.word(at: memory.start + (2 << 20)) == nil)
        }
    }

    @Test func aChangedEndOfTheDumpIsNotBelieved() throws {
        let memory = try Memory(size: 200 << 10)
        withDump(of: memory) { sample, cut in
            let buffer = TailBuffer(window: 1 << 20)
            // Further down the thread may work on.
            memory.set(cut.dumpEnd - UInt64(TailBuffer.overlap) - 8, to: 1)
            #expect(buffer.read(cut, upTo: 0) == nil && buffer.joined(with: sample) != nil)
            memory.set(cut.dumpEnd - UInt64(TailBuffer.overlap), to: 1)
            #expect(buffer.read(cut, upTo: 0) == nil && buffer.joined(with: sample) == nil)
        }
    }

    @Test func refusals() throws {
        let memory = try Memory(size: Self.dump / 4096 * 4096 + 4096)
        withDump(of: memory) { _, cut in
            let buffer = TailBuffer(window: 1 << 20)
            #expect(buffer.read(CutSample(task: cut.task, time: 1, dumpEnd: memory.end), upTo: 0) == .unreadable)
            #expect(buffer.read(CutSample(task: .max, time: 1, dumpEnd: cut.dumpEnd), upTo: 0) == .gone)
        }
        #expect(TailBuffer.refusal(Errno(EPERM)) == .denied)
        let counters = DeepStackCounters()
        counters.add(.denied)
        #expect(counters.byOutcome.first { $0.outcome == "denied" }?.count == 1)
    }
}

/// A thread of this process, deeper than a dump, sampled by a real event.
struct CutSampleTests {
    private static let sampling = PerfSampling(periodNanoseconds: 1_000_000, userOnly: true, wakeupBytes: 1 << 20)

    static let isAllowed = (try? PerfEvent(sampling, pid: 0, cpu: -1, dataBytes: 1 << 21)) != nil

    private func descend(_ levels: Int, _ body: () -> Void) {
        unsafe withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { room in
            unsafe room.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: levels))
            if levels > 0 { descend(levels - 1, body) } else { body() }
        }
    }

    private func burn(_ nanoseconds: UInt64) {
        let end = SystemTime.threadCPU() + nanoseconds
        while SystemTime.threadCPU() < end {}
    }

    @Test(.enabled(if: CutSampleTests.isAllowed)) func previewsEachRecordOnce() throws {
        let event = try PerfEvent(Self.sampling, pid: 0, cpu: -1, dataBytes: 1 << 21)
        try event.enable()
        descend(30) {
            for _ in 0..<1000 where event.ring.pendingBytes < 12 << 16 {
                burn(2_000_000)
                event.ring.refresh()
            }
        }
        try event.disable()
        var previewed: [UInt64] = []
        var cut: [CutSample] = []
        event.ring.refresh()
        for _ in 0..<2 {
            event.ring.preview { record in
                if record.type == 9, let time = record.word(at: 24) { previewed.append(time) }
                if let sample = CutSample(record) { cut.append(sample) }
            }
        }
        var taken: [UInt64] = []
        var ends: Set<UInt64> = []
        var tasks: Set<Int32> = []
        while let record = unsafe event.ring.peek() {
            if case .sample(let sample) = unsafe PerfRecord(record) {
                taken.append(sample.time)
                tasks.insert(sample.tid)
                if let user = sample.user, user.isCut { ends.insert(user.stackEnd) }
            }
            event.ring.advance()
        }
        #expect(previewed == taken && taken.count >= 10)
        #expect(cut.count >= 10 && Set(cut.map(\.task)) == tasks)
        #expect(Set(cut.map(\.dumpEnd)) == ends)
    }

    @Test(.enabled(if: CutSampleTests.isAllowed)) func theBellRingsAtEachSampleWhileItIsOn() throws {
        let event = try PerfEvent(Self.sampling, pid: 0, cpu: -1, dataBytes: 1 << 21)
        let bell = try SampleBell()
        func hasRung() -> Bool {
            var set = pollfd(fd: bell.number, events: Int16(POLLIN), revents: 0)
            return unsafe poll(&set, 1, 0) == 1
        }
        try event.enable()
        burn(5_000_000)
        #expect(!hasRung())
        try event.setBell(bell, isOn: true)
        for _ in 0..<1000 where !hasRung() { burn(1_000_000) }
        #expect(hasRung())
        bell.silence()
        try event.setBell(bell, isOn: false)
        bell.silence()
        burn(5_000_000)
        #expect(!hasRung())
    }
}
