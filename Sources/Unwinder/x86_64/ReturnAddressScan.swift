/// Finds the caller of code that has no unwind rule and keeps no frame pointer, by the call that must have led there.
///
/// Compilers leave out the rules of functions that cannot be unwound through (Swift and Rust with -O: leaves that call
/// nothing). A word on the stack is believed to be the return address if the instruction in front of it is a call whose
/// target is shortly before the code in question; for a leaf, the top of the stack also if the call is an indirect one.
struct ReturnAddressScan {
    /// Words looked at: functions without rules are small.
    private static let maximumWords: UInt64 = 64
    /// How far a function may reach from its start.
    private static let maximumFunction: UInt64 = 1 << 16

    let sample: StackSample
    let image: (UInt64) -> MappedImage?

    /// The return address of the frame and where it lies.
    ///
    /// - Parameters:
    ///   - address: an address inside of the frame's current instruction.
    ///   - isLeaf: whether the frame is the innermost one.
    func caller(of address: UInt64, sp: UInt64, isLeaf: Bool) -> (pc: UInt64, slot: UInt64)? {
        for index in 0..<Self.maximumWords {
            let slot = sp &+ index * 8
            guard let word = sample.word(at: slot) else { return nil }
            guard let bytes = code(before: word) else { continue }
            if isDirectCall(bytes, returningTo: word, into: address) { return (word, slot) }
            guard Self.isIndirectCall(bytes) else { continue }
            if isLeaf && index == 0 || isThreadRoot(returningTo: word) { return (word, slot) }
        }
        return nil
    }

    /// Whether a call returns to code that ends its thread at once: the frame is the root. musl's clone has no rules
    /// (src/thread/x86_64/clone.s): `mov %eax, %edi; xor %eax, %eax; mov $60, %al; syscall`.
    func isThreadRoot(returningTo pc: UInt64) -> Bool {
        guard let image = image(pc), let bytes = image.bytes else { return false }
        return bytes.readWord(atAddress: pc &- image.bias) == 0x050f_3cb0_c031_c789
    }

    /// The eight bytes in front of an address of code, the nearest in the highest byte.
    private func code(before address: UInt64) -> UInt64? {
        guard address > 4096, let image = image(address &- 1), let bytes = image.bytes else { return nil }
        return bytes.readWord(atAddress: address &- 8 &- image.bias)
    }

    /// `call rel32` is E8 and the distance from the next instruction.
    private func isDirectCall(_ bytes: UInt64, returningTo pc: UInt64, into address: UInt64) -> Bool {
        guard (bytes >> 24) & 0xff == 0xe8 else { return false }
        let distance = Int64(Int32(truncatingIfNeeded: bytes >> 32))
        let target = pc &+ UInt64(bitPattern: distance)
        return target <= address && address &- target < Self.maximumFunction
    }

    /// `FF /2` (Intel SDM, CALL): by register, by memory with an 8-bit or a 32-bit displacement, relative to rip.
    private static func isIndirectCall(_ bytes: UInt64) -> Bool {
        let last2 = bytes >> 48
        if last2 & 0xff == 0xff, (last2 >> 8) & 0xf8 == 0xd0 { return true }
        let last3 = bytes >> 40
        if last3 & 0xff == 0xff, (last3 >> 8) & 0xf8 == 0x50 { return true }
        let last6 = bytes >> 16
        let mode = (last6 >> 8) & 0xff
        return last6 & 0xff == 0xff && (mode == 0x15 || mode & 0xf8 == 0x90)
    }
}
