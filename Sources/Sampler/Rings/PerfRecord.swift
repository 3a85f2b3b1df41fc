import CPlatform
import Model
import Platform
import Unwinder

/// A record of the ring, read out of its bytes. Layouts: linux/perf_event.h, `enum perf_event_type`, for the
/// `sample_type` that `PerfSampling` asks for.
enum PerfRecord {
    case sample(SampleRecord)
    case mapping(MappingRecord)
    case name(NameRecord)
    case fork(TaskRecord)
    case exit(TaskRecord)
    case cgroup(id: UInt64, path: String)
    /// Records that did not fit into the ring.
    case lost(count: UInt64)
    /// Samples that the event lost without a record of their own.
    case lostSamples(count: UInt64)
    case throttled
    case unthrottled
    case other
}

/// PERF_RECORD_SAMPLE. Its pointers are valid until the ring moves on.
@safe
struct SampleRecord {
    var pid: Int32
    var tid: Int32
    var time: UInt64
    var cpu: UInt32
    var cgroup: UInt64
    /// Addresses in the kernel, leaf first.
    var kernelChain: UnsafeRawBufferPointer
    /// `nil` for kernel threads and tasks that have given up their memory.
    var user: StackSample?
    /// Whether the task is one with user memory although no registers came with it.
    var isKernelThread: Bool

    /// Number of words in the kernel chain.
    var kernelDepth: Int { unsafe kernelChain.count / 8 }

    /// An entry of the kernel chain.
    func kernelAddress(_ index: Int) -> UInt64 {
        // SAFETY: index is below kernelDepth.
        unsafe kernelChain.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
    }
}

/// PERF_RECORD_MMAP2: an executable mapping came to be.
struct MappingRecord {
    var pid: Int32
    var start: UInt64
    var length: UInt64
    var fileOffset: UInt64
    var identity: FileIdentity
    var path: String
}

/// PERF_RECORD_COMM.
struct NameRecord {
    var pid: Int32
    var tid: Int32
    var name: String
    var isExec: Bool
}

/// PERF_RECORD_FORK and PERF_RECORD_EXIT.
struct TaskRecord {
    var pid: Int32
    var parent: Int32
    var tid: Int32
    var time: UInt64
}

extension PerfRecord {
    /// Offset of the time stamp: from the start in samples, from the end (`sample_id_all`: pid/tid, time, cpu) in all others.
    static func timeOffset(type: UInt32) -> Int { type == PERF_RECORD_SAMPLE.rawValue ? 24 : -16 }

    /// Reads a record; `.other` for kinds that are not used and for records shorter than they must be.
    init(_ bytes: UnsafeRawBufferPointer) {
        var cursor = unsafe RecordCursor(bytes)
        let type = cursor.uint32()
        let misc = cursor.uint16()
        _ = cursor.uint16()
        let record: PerfRecord =
            switch type {
            case PERF_RECORD_SAMPLE.rawValue: Self.sample(&cursor)
            case PERF_RECORD_MMAP2.rawValue: Self.mapping(&cursor, misc: misc)
            case PERF_RECORD_COMM.rawValue: Self.name(&cursor, misc: misc)
            case PERF_RECORD_FORK.rawValue: .fork(TaskRecord(&cursor))
            case PERF_RECORD_EXIT.rawValue: .exit(TaskRecord(&cursor))
            case PERF_RECORD_CGROUP.rawValue: .cgroup(id: cursor.uint64(), path: cursor.text(trailer: 24))
            case PERF_RECORD_LOST.rawValue: .lost(count: cursor.skippingOne())
            case PERF_RECORD_LOST_SAMPLES.rawValue: .lostSamples(count: cursor.uint64())
            case PERF_RECORD_THROTTLE.rawValue: .throttled
            case PERF_RECORD_UNTHROTTLE.rawValue: .unthrottled
            default: .other
            }
        self = cursor.isShort ? .other : record
    }

    private static func sample(_ cursor: inout RecordCursor) -> PerfRecord {
        _ = cursor.uint64()
        let pid = cursor.int32()
        let tid = cursor.int32()
        let time = cursor.uint64()
        let cpu = cursor.uint32()
        _ = cursor.uint32()
        let chain = unsafe cursor.bytes(count: cursor.uint64().multipliedSafely(by: 8))
        let hasRegisters = cursor.uint64() != 0
        var registers = Registers()
        if hasRegisters { registers.read(&cursor) }
        let size = cursor.uint64()
        let stack = unsafe cursor.bytes(count: size)
        let used = size > 0 ? min(cursor.uint64(), size) : 0
        let cgroup = cursor.uint64()
        var user: StackSample?
        // A record that lied about its sizes has lent fewer bytes than it says.
        if hasRegisters && used > 0 && !cursor.isShort {
            let part = unsafe UnsafeRawBufferPointer(rebasing: stack[0..<Int(used)])
            user = unsafe StackSample(registers: registers, stack: part, isCut: used == size)
        }
        return unsafe .sample(
            SampleRecord(
                pid: pid, tid: tid, time: time, cpu: cpu, cgroup: cgroup, kernelChain: chain, user: user,
                isKernelThread: !hasRegisters))
    }

    private static func mapping(_ cursor: inout RecordCursor, misc: UInt16) -> PerfRecord {
        let pid = cursor.int32()
        _ = cursor.int32()
        let (start, length, offset) = (cursor.uint64(), cursor.uint64(), cursor.uint64())
        let identity: FileIdentity
        if misc & UInt16(PERF_RECORD_MISC_MMAP_BUILD_ID) != 0 {
            identity = cursor.buildID()
        } else {
            let (major, minor) = (cursor.uint32(), cursor.uint32())
            let inode = cursor.uint64()
            _ = cursor.uint64()
            identity = .inode(device: UInt64(major) << 32 | UInt64(minor), inode: inode)
        }
        _ = cursor.uint64()
        let path = cursor.text(trailer: 24)
        return .mapping(
            MappingRecord(
                pid: pid, start: start, length: length, fileOffset: offset, identity: identity, path: path))
    }

    private static func name(_ cursor: inout RecordCursor, misc: UInt16) -> PerfRecord {
        let (pid, tid) = (cursor.int32(), cursor.int32())
        return .name(
            NameRecord(
                pid: pid, tid: tid, name: cursor.text(trailer: 24),
                isExec: misc & UInt16(PERF_RECORD_MISC_COMM_EXEC) != 0))
    }
}

extension TaskRecord {
    fileprivate init(_ cursor: inout RecordCursor) {
        pid = cursor.int32()
        parent = cursor.int32()
        tid = cursor.int32()
        _ = cursor.int32()
        time = cursor.uint64()
    }
}

extension Registers {
    fileprivate mutating func read(_ cursor: inout RecordCursor) {
        let bytes = unsafe cursor.bytes(count: UInt64(PerfSampling.registerCount) * 8)
        guard bytes.count == PerfSampling.registerCount * 8 else { return }
        for index in 0..<17 {
            values[index] = unsafe bytes.loadUnaligned(
                fromByteOffset: Registers.perfOrder[index] * 8, as: UInt64.self)
        }
    }
}

extension UInt64 {
    fileprivate func multipliedSafely(by factor: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}

/// Reads fields one after the other; what lies beyond the end reads as zero and marks the record as short.
@safe
struct RecordCursor {
    private let base: UnsafeRawBufferPointer
    private var offset = 0
    private(set) var isShort = false

    init(_ bytes: UnsafeRawBufferPointer) { unsafe base = bytes }

    private mutating func load<Value: BitwiseCopyable>(_ zero: Value) -> Value {
        let size = MemoryLayout<Value>.size
        guard unsafe base.count - offset >= size else {
            isShort = true
            return zero
        }
        defer { offset += size }
        // SAFETY: the bytes offset..<offset+size were checked to be inside.
        return unsafe base.loadUnaligned(fromByteOffset: offset, as: Value.self)
    }

    mutating func uint16() -> UInt16 { load(0) }
    mutating func uint32() -> UInt32 { load(0) }
    mutating func int32() -> Int32 { load(0) }
    mutating func uint64() -> UInt64 { load(0) }

    mutating func skippingOne() -> UInt64 {
        _ = uint64()
        return uint64()
    }

    mutating func bytes(count: UInt64) -> UnsafeRawBufferPointer {
        guard unsafe count <= UInt64(base.count - offset) else {
            isShort = true
            return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        }
        defer { offset += Int(count) }
        return unsafe UnsafeRawBufferPointer(rebasing: base[offset..<(offset + Int(count))])
    }

    /// A C string that is followed by padding and a trailer of `trailer` bytes.
    mutating func text(trailer: Int) -> String {
        let end = unsafe base.count - trailer
        guard end >= offset else {
            isShort = true
            return ""
        }
        let part = unsafe UnsafeRawBufferPointer(rebasing: base[offset..<end])
        offset = end
        return unsafe String(decoding: part.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// `build_id_size`, three reserved bytes, 20 bytes of build-id.
    mutating func buildID() -> FileIdentity {
        let size = Int(min(uint32() & 0xff, 20))
        let bytes = unsafe self.bytes(count: 20)
        guard bytes.count == 20, size > 0 else { return .anonymous }
        return unsafe .buildID(BuildID(bytes.prefix(size)))
    }
}
