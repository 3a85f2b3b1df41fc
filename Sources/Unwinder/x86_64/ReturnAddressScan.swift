/// Finds the caller of code that has no unwind rule, by the call that must have led there.
///
/// Compilers leave out the rules of functions that cannot be unwound through (Swift and Rust with -O: leaves that call
/// nothing), JIT compilers write none (V8 keeps frame pointers). A word on the stack is believed to be the return
/// address if the instruction in front of it is a call whose target is shortly before the code in question.
struct ReturnAddressScan<Space: CodeSpace> {
    /// Words looked at: functions without rules are small.
    private static var maximumWords: UInt64 { 64 }
    /// How far a function may reach from its start when the call to it is on top of the stack.
    private static var maximumFunction: UInt64 { 1 << 16 }
    /// The same for a call further up, which may be left over from another function.
    private static var maximumFunctionAbove: UInt64 { 1 << 12 }

    let sample: StackSample
    let space: Space

    /// The caller of a frame. What proves most comes first: a direct call to this code on top of the stack, a frame
    /// pointer that leads to a call, an indirect call on top of a leaf's stack, a direct call further up.
    ///
    /// - Parameters:
    ///   - address: an address inside of the frame's current instruction.
    ///   - isLeaf: whether the frame is the innermost one, or was interrupted by a signal.
    func caller(of address: UInt64, sp: UInt64, framePointer: UInt64, isLeaf: Bool) -> ProvenCaller? {
        let top = sample.word(at: sp).flatMap { word in code(before: word).map { (word, $0) } }
        if let (word, bytes) = top, isDirectCall(bytes, returningTo: word, into: address, within: Self.maximumFunction)
        {
            return ProvenCaller(pc: word, sp: sp &+ 8)
        }
        if let caller = byFramePointer(framePointer, sp: sp) { return caller }
        if isLeaf, let (word, bytes) = top, Self.isIndirectCall(bytes) { return ProvenCaller(pc: word, sp: sp &+ 8) }
        return furtherUp(address, sp: sp) ?? byFramePointer(framePointer, sp: sp, ofAnyCaller: true)
    }

    /// The frame that rbp points to, if it lies above and returns behind a call. Code that a runtime made cannot be
    /// read, so there any address will do.
    ///
    /// - Parameter ofAnyCaller: whether the caller may use rbp for anything, so that only the call proves it: the C++
    ///   code that enters compiled JavaScript.
    private func byFramePointer(_ pointer: UInt64, sp: UInt64, ofAnyCaller: Bool = false) -> ProvenCaller? {
        guard pointer >= sp, pointer & 7 == 0, let saved = sample.word(at: pointer),
            let pc = sample.word(at: pointer &+ 8), saved == 0 || saved > pointer || ofAnyCaller && saved < sp,
            let image = space.image(at: pc &- 1), !ofAnyCaller || image.bytes != nil
        else { return nil }
        if image.bytes != nil {
            guard let bytes = code(before: pc), (bytes >> 24) & 0xff == 0xe8 || Self.isIndirectCall(bytes) else {
                return nil
            }
        }
        return ProvenCaller(pc: pc, sp: pointer &+ 16, framePointer: saved)
    }

    private func furtherUp(_ address: UInt64, sp: UInt64) -> ProvenCaller? {
        for index in 0..<Self.maximumWords {
            let slot = sp &+ index * 8
            guard let word = sample.word(at: slot) else { return nil }
            guard let bytes = code(before: word) else { continue }
            let isCall = isDirectCall(bytes, returningTo: word, into: address, within: Self.maximumFunctionAbove)
            if isCall || Self.isIndirectCall(bytes) && isThreadRoot(returningTo: word) {
                return ProvenCaller(pc: word, sp: slot &+ 8)
            }
        }
        return nil
    }

    /// Whether a call returns to code that ends its thread at once: the frame is the root. musl's clone has no rules
    /// (src/thread/x86_64/clone.s): `mov %eax, %edi; xor %eax, %eax; mov $60, %al; syscall`.
    func isThreadRoot(returningTo pc: UInt64) -> Bool {
        guard let image = space.image(at: pc), let bytes = image.bytes else { return false }
        return bytes.readWord(atAddress: pc &- image.bias) == 0x050f_3cb0_c031_c789
    }

    /// The eight bytes in front of an address of code, the nearest in the highest byte.
    private func code(before address: UInt64) -> UInt64? {
        guard address > 4096, let image = space.image(at: address &- 1), let bytes = image.bytes else { return nil }
        return bytes.readWord(atAddress: address &- 8 &- image.bias)
    }

    /// `call rel32` is E8 and the distance from the next instruction.
    private func isDirectCall(
        _ bytes: UInt64, returningTo pc: UInt64, into address: UInt64, within distance: UInt64
    ) -> Bool {
        guard (bytes >> 24) & 0xff == 0xe8 else { return false }
        let relative = Int64(Int32(truncatingIfNeeded: bytes >> 32))
        let target = pc &+ UInt64(bitPattern: relative)
        return target <= address && address &- target < distance
    }

    /// Whether bytes in front of an address end with `FF /2` (Intel SDM, CALL) of exactly the length that its operand has.
    private static func isIndirectCall(_ bytes: UInt64) -> Bool {
        for length in 2...7 {
            let instruction = bytes >> UInt64(64 - length * 8)
            let mode = UInt8(truncatingIfNeeded: instruction >> 8)
            let scale = UInt8(truncatingIfNeeded: instruction >> 16)
            if instruction & 0xff == 0xff, mode & 0x38 == 0x10, callLength(mode, scale) == length { return true }
        }
        return false
    }

    /// Bytes of an indirect call without its prefix, by its ModR/M and, if it has one, SIB byte (Intel SDM, tables 2-2
    /// and 2-3): the target is in a register, or in memory with no, an 8-bit or a 32-bit displacement.
    private static func callLength(_ mode: UInt8, _ scale: UInt8) -> Int {
        let hasScale = mode & 7 == 4
        switch mode >> 6 {
        case 0: return mode & 7 == 5 ? 6 : hasScale ? (scale & 7 == 5 ? 7 : 3) : 2
        case 1: return hasScale ? 4 : 3
        case 2: return hasScale ? 7 : 6
        default: return 2
        }
    }
}

/// Where a frame without a rule returns to.
struct ProvenCaller: Hashable {
    /// The return address.
    var pc: UInt64
    /// Stack pointer in the caller.
    var sp: UInt64
    /// rbp in the caller, `nil` if it is what it was.
    var framePointer: UInt64?
}
