import CPlatform
import Model
import Platform

/// What reading on above a dump needs to know of a sample that lies in its ring still.
struct CutSample: Equatable {
    var task: Int32
    var time: UInt64
    /// Address behind the dump.
    var dumpEnd: UInt64

    init(task: Int32, time: UInt64, dumpEnd: UInt64) {
        self.task = task
        self.time = time
        self.dumpEnd = dumpEnd
    }

    /// Of the perf registers AX BX CX DX SI DI BP SP …, the stack pointer.
    private static let stackPointerIndex = 7

    /// `nil` for other records, and for samples whose dump holds all that lies above the stack pointer. Layout: that of
    /// ``PerfRecord``.
    init?(_ record: RecordPreview) {
        guard record.type == PERF_RECORD_SAMPLE.rawValue, let ids = record.word(at: 16), let time = record.word(at: 24),
            let chain = record.word(at: 40), chain < 1 << 13
        else { return nil }
        let registers = 48 + Int(chain) * 8
        let stack = registers + 8 + PerfSampling.registerCount * 8
        guard let abi = record.word(at: registers), abi != 0,
            let sp = record.word(at: registers + 8 + Self.stackPointerIndex * 8),
            let size = record.word(at: stack), size >= UInt64(TailBuffer.leastDump), size < 1 << 16,
            let used = record.word(at: stack + 8 + Int(size)), used == size
        else { return nil }
        self.init(task: Int32(truncatingIfNeeded: ids >> 32), time: time, dumpEnd: sp &+ size)
    }
}
