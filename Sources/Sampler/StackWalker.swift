import Model
import Platform
import Runtimes
import Unwinder

/// Joins the frames of the kernel and of the process into one stack, leaf first.
///
/// The native engine is a parameter: a faster one takes the place in front of libunwind without a change here.
final class StackWalker {
    /// The kernel's markers in a callchain (PERF_CONTEXT_*: −4095…−1 as unsigned numbers, linux/perf_event.h).
    private static let firstContextMarker = UInt64.max - 4094

    private let engine: any NativeUnwinder
    /// Frames of the last walk, leaf first.
    private(set) var frames: [FrameKey] = []
    private var native: [UnwoundFrame] = []

    init(engine: any NativeUnwinder) {
        self.engine = engine
        frames.reserveCapacity(1024)
        native.reserveCapacity(1024)
    }

    /// Walks a sample; the frames are in ``frames`` afterwards.
    func walk(_ sample: SampleRecord, of process: Process?) -> StackEnd {
        frames.removeAll(keepingCapacity: true)
        appendKernel(sample)
        guard let user = sample.user, let process else { return endWithoutUser(sample, process: process) }
        native.removeAll(keepingCapacity: true)
        let end = engine.unwind(user, in: process, into: &native)
        for frame in native { frames.append(process.frame(at: frame.lookupAddress)) }
        mark(end)
        return end
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
