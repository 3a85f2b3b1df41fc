import Platform
import TestKit
import Testing
import Unwinder

@testable import Sampler

/// Records by hand, as `linux/perf_event.h` lays them out.
struct PerfRecordTests {
    /// Header of 8 bytes, body, trailer of `sample_id_all` (pid/tid, time, cpu).
    private static func record(_ type: UInt32, misc: UInt16 = 0, _ body: [UInt8], trailer: Bool = true) -> [UInt8] {
        let tail: [UInt8] =
            trailer ? little(UInt32(7)) + little(UInt32(8)) + little(UInt64(555)) + little(UInt64(1)) : []
        return little(type) + little(misc) + little(UInt16(8 + body.count + tail.count)) + body + tail
    }

    private static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<(Number.bitWidth / 8)).map { UInt8(truncatingIfNeeded: number >> Number($0 * 8)) }
    }

    /// A C string padded with zeros to a multiple of 8.
    private static func text(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8) + [0]
        return bytes + [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8)
    }

    private static func words(_ words: UInt64...) -> [UInt8] { words.flatMap { little($0) } }

    private static func sample(
        chain: [UInt64] = [0xffff_ffff_8100_0000], registers: [UInt64]? = Array(100..<120),
        stack: [UInt8] = Array(0..<64),
        used: UInt64 = 48
    ) -> [UInt8] {
        var body =
            words(0x1234) + little(Int32(42)) + little(Int32(43)) + words(999) + little(UInt32(1)) + little(UInt32(0))
        body += words(UInt64(chain.count)) + chain.flatMap { little($0) }
        body += registers.map { words(2) + $0.flatMap { little($0) } } ?? words(0)
        body += words(UInt64(stack.count)) + stack + (stack.isEmpty ? [] : words(used))
        return record(9, body + words(77), trailer: false)
    }

    static let mapping = record(
        10, misc: 1 << 14,
        little(Int32(42)) + little(Int32(43)) + words(0x1000, 0x2000, 0x3000) + little(UInt32(20)) + Array(1...20)
            + words(5) + text("/usr/lib/libx.so"))
    static let inodeMapping = record(
        10,
        little(Int32(42)) + little(Int32(43)) + words(0x1000, 0x2000, 0x3000) + little(UInt32(8)) + little(UInt32(1))
            + words(131, 2, 5) + text("/usr/lib/libx.so"))
    static let name = record(3, misc: 1 << 13, little(Int32(42)) + little(Int32(43)) + text("new name"))
    static let fork = record(
        7, little(Int32(50)) + little(Int32(42)) + little(Int32(51)) + little(Int32(43)) + words(321))
    static let cgroup = record(19, words(4242) + text("/system.slice/a.service"))

    private func read(_ bytes: [UInt8]) -> PerfRecord { unsafe bytes.withUnsafeBytes { unsafe PerfRecord($0) } }

    /// Fields of a sample are read while its bytes are there.
    private func withSample<Value>(_ bytes: [UInt8], _ body: (SampleRecord) -> Value) -> Value? {
        unsafe bytes.withUnsafeBytes { buffer in
            guard case .sample(let sample) = unsafe PerfRecord(buffer) else { return nil }
            return body(sample)
        }
    }

    @Test func samples() {
        let isRead = withSample(Self.sample()) { sample in
            #expect(sample.pid == 42 && sample.tid == 43 && sample.time == 999 && sample.cpu == 1)
            #expect(sample.cgroup == 77)
            #expect(sample.kernelDepth == 1)
            #expect(sample.kernelAddress(0) == 0xffff_ffff_8100_0000)
            #expect(!sample.isKernelThread)
            // perf's order: AX BX CX DX SI DI BP SP IP FLAGS CS SS R8…R15, from 100 on.
            #expect(sample.user?.registers.instructionPointer == 108)
            #expect(sample.user?.registers.stackPointer == 107)
            #expect(sample.user?.registers.framePointer == 106)
            #expect(
                sample.user.map { user in (0..<17).map { user.registers.values[$0] } }
                    == [100, 103, 102, 101, 104, 105, 106, 107, 112, 113, 114, 115, 116, 117, 118, 119, 108])
            #expect(sample.user?.word(at: 107) == 0x0706_0504_0302_0100)
            // 48 of the 64 bytes were copied.
            #expect(sample.user?.word(at: 107 + 40) != nil)
            #expect(sample.user?.word(at: 107 + 41) == nil)
            #expect(sample.user?.isCut == false)
            return true
        }
        #expect(isRead == true)
    }

    @Test func sampleVariants() {
        #expect(withSample(Self.sample(used: 64)) { $0.user?.isCut } == true)
        // The kernel's count is not believed beyond the size.
        #expect(withSample(Self.sample(used: .max)) { $0.user?.word(at: 107 + 57) == nil } == true)
        #expect(withSample(Self.sample(registers: nil, stack: [])) { $0.isKernelThread && $0.user == nil } == true)
        #expect(withSample(Self.sample(stack: [])) { !$0.isKernelThread && $0.user == nil } == true)
        #expect(withSample(Self.sample(chain: [])) { $0.kernelDepth } == 0)
    }

    @Test func mappings() {
        guard case .mapping(let mapping) = read(Self.mapping), case .mapping(let other) = read(Self.inodeMapping) else {
            Issue.record("no mappings")
            return
        }
        #expect(mapping.pid == 42 && mapping.start == 0x1000 && mapping.length == 0x2000)
        #expect(mapping.fileOffset == 0x3000)
        #expect(mapping.path == "/usr/lib/libx.so")
        #expect(mapping.identity == .buildID(BuildID(Array(1...20))))
        #expect(other.identity == .inode(device: 8 << 32 | 1, inode: 131))
        #expect(other.path == mapping.path)
    }

    @Test func tasks() {
        guard case .name(let name) = read(Self.name), case .fork(let fork) = read(Self.fork),
            case .cgroup(let id, let path) = read(Self.cgroup)
        else {
            Issue.record("other records")
            return
        }
        #expect(name.pid == 42 && name.tid == 43 && name.name == "new name" && name.isExec)
        #expect(fork.pid == 50 && fork.parent == 42 && fork.tid == 51 && fork.time == 321)
        #expect(id == 4242 && path == "/system.slice/a.service")
        if case .lost(let count) = read(Self.record(2, Self.words(1, 99))) {
            #expect(count == 99)
        } else {
            Issue.record("no loss")
        }
        if case .lostSamples(let count) = read(Self.record(13, Self.words(98))) {
            #expect(count == 98)
        } else {
            Issue.record("no lost samples")
        }
    }

    static let all: [[UInt8]] = [
        mapping, inodeMapping, name, fork, cgroup, sample(), sample(registers: nil, stack: []),
    ]

    /// Every shorter piece of a record is no record; of names and paths the trailer is missing, so that they shrink.
    @Test(arguments: all) func prefixes(_ bytes: [UInt8]) {
        let isText = [10, 3, 19].contains(bytes[0])
        for length in 0..<bytes.count {
            guard case .other = read(Array(bytes.prefix(length))) else {
                #expect(isText || bytes[0] == 7 && length >= bytes.count - 24, "\(length) of \(bytes.count)")
                continue
            }
        }
    }

    /// Changed bytes never trap, and what a sample lends lies inside of it.
    @Test func mutations() {
        for seed in 0..<4000 as Range<UInt64> {
            var generator = SeededGenerator(seed)
            let bytes = generator.mutated(Self.all[generator.below(Self.all.count)])
            _ = withSample(bytes) { sample in
                #expect(sample.kernelDepth * 8 <= bytes.count)
                if let user = sample.user {
                    #expect(user.stackEnd &- user.stackStart <= UInt64(bytes.count))
                    _ = user.word(at: user.stackEnd &- 8)
                }
                for index in 0..<sample.kernelDepth { _ = sample.kernelAddress(index) }
            }
            _ = read(bytes)
        }
    }
}
