import Model
import Unwinder

/// Joins the frames of the kernel and of the process into one stack, leaf first.
final class StackWalker {
    /// The kernel's markers in a callchain (PERF_CONTEXT_*: −4095…−1 as unsigned numbers, linux/perf_event.h).
    private static let firstContextMarker = UInt64.max - 4094

    private let walk: UserWalk
    private let deep: DeepStacks
    /// Frames of the last walk, leaf first.
    private(set) var frames: [FrameKey] = []
    private var user: [UnwoundFrame] = []

    /// - Parameter deep: finds what lies above a dump.
    init(walk: UserWalk, deep: DeepStacks) {
        self.walk = walk
        self.deep = deep
        frames.reserveCapacity(1024)
        user.reserveCapacity(1024)
    }

    /// Walks a sample; the frames are in ``frames`` afterwards.
    func walk(_ sample: SampleRecord, of process: Process?) -> StackEnd {
        frames.removeAll(keepingCapacity: true)
        appendKernel(sample)
        guard let stack = sample.user, let process else { return endWithoutUser(sample, process: process) }
        user.removeAll(keepingCapacity: true)
        var end = walk.walk(stack, of: process, into: &user)
        if end == .truncated, deep.complete(stack, of: sample, in: process, &user) { end = .completed }
        appendUser(of: process)
        mark(end)
        return end
    }

    /// Frames of a process that are kept of one stack: half of them at each end, with a marker between.
    static let keptFrames = 4096

    private func appendUser(of process: Process) {
        guard user.count > Self.keptFrames else { return process.appendFrames(user[...], to: &frames) }
        process.appendFrames(user.prefix(Self.keptFrames / 2), to: &frames)
        frames.append(FrameKey(.elided))
        process.appendFrames(user.suffix(Self.keptFrames / 2), to: &frames)
    }

    /// Gives back the room that a very deep stack took.
    func trim() {
        if user.capacity > 8192 { user = [] }
    }

    private func appendKernel(_ sample: SampleRecord) {
        var isLeaf = true
        for index in 0..<sample.kernelDepth {
            let address = sample.kernelAddress(index)
            if address >= Self.firstContextMarker { continue }
            frames.append(FrameKey(module: .kernel, address: isLeaf ? address : address &- 1))
            isLeaf = false
        }
    }

    private func endWithoutUser(_ sample: SampleRecord, process: Process?) -> StackEnd {
        let isWhole = sample.isKernelThread || process?.isKernelThread == true
        let end: StackEnd = isWhole && !frames.isEmpty ? .complete : .broken(.noRegisters)
        mark(end)
        return end
    }

    private func mark(_ end: StackEnd) {
        switch end {
        case .complete, .completed: break
        case .truncated: frames.append(FrameKey(.truncated))
        case .broken: frames.append(FrameKey(.broken))
        }
    }
}
