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
        let end = walkUser(user, of: process)
        mark(end)
        return end
    }

    /// Stacks of a runtime inside of native code inside of a runtime: deeper nesting is a loop.
    private static let maximumHandovers = 64
    private static let maximumFrames = 16384

    /// Native frames and those of runtimes in turn, each by its own reader.
    private func walkUser(_ user: StackSample, of process: Process) -> StackEnd {
        var user = user
        var frame = FrameState(
            pc: user.registers.instructionPointer, sp: user.registers.stackPointer,
            framePointer: user.registers.framePointer, isExact: true)
        for _ in 0..<Self.maximumHandovers {
            if let end = walkForeign(&frame, stack: user, of: process) { return end }
            if !frame.isExact { user.resume(at: frame) }
            native.removeAll(keepingCapacity: true)
            let outcome = engine.unwind(user, in: process, into: &native)
            for frame in native { frames.append(process.frame(at: frame.lookupAddress)) }
            switch outcome {
            case .ended(let end): return end
            case .handedBack(let pc, let sp, let framePointer):
                frame = FrameState(pc: pc, sp: sp, framePointer: framePointer, isExact: false)
            }
        }
        return .broken(.loop)
    }

    /// Steps over the frames of a runtime, as many as follow each other; `nil` when native code comes next.
    private func walkForeign(_ frame: inout FrameState, stack: StackSample, of process: Process) -> StackEnd? {
        while let (reader, bias) = process.frameReader(at: frame.lookupAddress) {
            let step = reader.step(frame, bias: bias, stack: DumpedStack(sample: stack))
            if step == .notMine { return nil }
            frames.append(process.frame(at: frame.lookupAddress))
            switch step {
            case .end(let end): return end
            case .next(let caller): frame = caller
            case .notMine: return nil
            }
            if frames.count > Self.maximumFrames { return .broken(.loop) }
        }
        return nil
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

/// The dump as readers of frames want to see it.
private struct DumpedStack: StackBytes {
    let sample: StackSample
    func word(at address: UInt64) -> UInt64? { sample.word(at: address) }
    var end: (address: UInt64, isCut: Bool) { (sample.stackEnd, sample.isCut) }
}

extension StackSample {
    /// Goes on at the caller of a foreign frame. The engine takes the first pc for exact: it gets an address inside of
    /// the call instead of behind it.
    fileprivate mutating func resume(at frame: FrameState) {
        registers = Registers()
        registers.instructionPointer = frame.lookupAddress
        registers.stackPointer = frame.sp
        registers.framePointer = frame.framePointer
    }
}
