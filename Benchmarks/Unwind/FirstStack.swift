import Glibc
import Platform
import Unwinder

/// What the very first stack of a program costs: its files opened, its rules found, nothing known before.
enum FirstStack {
    /// Trials, each with nothing known.
    private static let trials = 31

    /// Prints as JSON, of the median trial: CPU time (ns), bytes read and calls of read; the frames of the stack.
    static func measure(_ corpus: Corpus, pid: Int32) throws {
        var times: [UInt64] = []
        var read: [UInt64] = []
        var calls: [UInt64] = []
        var depth = 0
        for trial in 0..<trials {
            let sample = corpus.sample(trial % corpus.samples.count)
            let before = try ReadAccount()
            let start = SystemTime.threadCPU()
            let code = try ProcessCode(pid: pid)
            let engine = UnwindEngine(verifyEvery: 0)
            var frames: [UnwoundFrame] = []
            _ = engine.unwind(sample, in: code, into: &frames)
            times.append(SystemTime.threadCPU() - start)
            let after = try ReadAccount()
            read.append(after.bytes - before.bytes)
            calls.append(after.calls - before.calls)
            depth = frames.count
        }
        func median(_ values: [UInt64]) -> UInt64 { values.sorted()[trials / 2] }
        print(
            "{\"nanoseconds\": \(median(times)), \"bytes\": \(median(read)), \"calls\": \(median(calls)), "
                + "\"frames\": \(depth)}")
    }
}

/// What this process has read so far: `rchar` and `syscr` of `/proc/self/io`.
struct ReadAccount {
    let bytes: UInt64
    let calls: UInt64

    init() throws {
        let text = String(decoding: try FileDescriptor.open("/proc/self/io").readAll(), as: UTF8.self)
        let values = text.split(separator: "\n").compactMap { $0.split(separator: " ").last.flatMap { UInt64($0) } }
        guard values.count > 2 else { throw Errno(EIO) }
        bytes = values[0]
        calls = values[2]
    }
}
