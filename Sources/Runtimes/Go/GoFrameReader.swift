public import Binary
import Model

/// Go's frames by the pc-line table that every Go binary has, stripped ones too: Go's leaf functions keep no frame
/// pointer, and the program has no .eh_frame.
public final class GoFrameReader: FrameReader {
    private let table: PclnTab

    /// `nil` for a file without a table of Go.
    public init?(image: ElfImage) {
        guard let table = PclnTab(image: image) else { return nil }
        self.table = table
    }

    /// The frame at an address of Go's code, and where its caller goes on.
    public func step(_ frame: FrameState, bias: UInt64, stack: some StackBytes) -> FrameStep {
        let address = frame.lookupAddress &- bias
        guard let function = table.function(at: address) else { return .notMine }
        // A function that switches stacks has its caller on another one (go/src/runtime/traceback.go: SPWRITE stops).
        if function.isTopFrame || (function.switchesStack && !frame.isExact) { return .end(.complete) }
        guard let delta = table.stackDelta(at: address, in: function) else { return .end(.broken(.noUnwindInfo)) }
        let slot = frame.sp &+ UInt64(bitPattern: Int64(delta))
        guard let pc = stack.word(at: slot) else {
            let isBeyond = slot &+ 8 > stack.end.address && stack.end.isCut
            return .end(isBeyond ? .truncated : .broken(.badStackPointer))
        }
        if pc == 0 { return .end(.complete) }
        // The caller's rbp lies below the return address in every function that has a frame (amd64 ABI of Go).
        let pointer = delta >= 8 ? stack.word(at: slot &- 8) ?? 0 : frame.framePointer
        return .next(FrameState(pc: pc, sp: slot &+ 8, framePointer: pointer, isExact: false))
    }
}
