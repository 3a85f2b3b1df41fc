import Model
import Runtimes
import Unwinder

/// Walks the stack of a process: native frames and those of runtimes in turn, each by its own reader.
///
/// The native engine is a parameter: a faster one takes the place in front of libunwind without a change here.
final class UserWalk {
    private let engine: any NativeUnwinder
    private var native: [UnwoundFrame] = []

    init(engine: any NativeUnwinder) {
        self.engine = engine
        native.reserveCapacity(1024)
    }

    /// Stacks of a runtime inside of native code inside of a runtime: deeper nesting is a loop.
    private static let maximumHandovers = 64
    /// What the engine finds at most in one go.
    private static let maximumFrames = LibunwindEngine.capacity

    /// Appends the frames of a stack, leaf first.
    func walk(_ stack: StackSample, of process: Process, into frames: inout [UnwoundFrame]) -> StackEnd {
        var stack = stack
        var frame = FrameState(
            pc: stack.registers.instructionPointer, sp: stack.registers.stackPointer,
            framePointer: stack.registers.framePointer, isExact: true)
        for _ in 0..<Self.maximumHandovers {
            if let end = walkForeign(&frame, stack: stack, of: process, into: &frames) { return end }
            if !frame.isExact { stack.resume(at: frame) }
            native.removeAll(keepingCapacity: true)
            let outcome = engine.unwind(stack, in: process, into: &native)
            frames.append(contentsOf: native)
            if frames.count > Self.maximumFrames { return .broken(.loop) }
            switch outcome {
            case .ended(let end): return end
            case .handedBack(let pc, let sp, let framePointer):
                frame = FrameState(pc: pc, sp: sp, framePointer: framePointer, isExact: false)
            }
        }
        return .broken(.loop)
    }

    /// Steps over the frames of a runtime, as many as follow each other; `nil` when native code comes next.
    private func walkForeign(
        _ frame: inout FrameState, stack: StackSample, of process: Process, into frames: inout [UnwoundFrame]
    ) -> StackEnd? {
        while let (reader, bias) = process.frameReader(at: frame.lookupAddress) {
            let step = reader.step(frame, bias: bias, stack: DumpedStack(sample: stack))
            if step == .notMine { return nil }
            frames.append(UnwoundFrame(pc: frame.pc, sp: frame.sp, isExact: frame.isExact))
            switch step {
            case .end(let end): return end
            case .next(let caller): frame = caller
            case .notMine: return nil
            }
            if frames.count > Self.maximumFrames { return .broken(.loop) }
        }
        return nil
    }

    /// Gives back the room that a very deep stack took.
    func trim() {
        if native.capacity > 8192 { native = [] }
    }
}

/// The copied stack as readers of frames want to see it.
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
