/// What the code around an address says about whether a call returns there.
///
/// | bits | content |
/// |---|---|
/// | 0 | set: something is known |
/// | 1 | the code cannot be read |
/// | 2 | the bytes in front end with a direct call |
/// | 3 | the bytes in front end with an indirect call |
/// | 4 | a call that returns there was made by a thread's first function |
/// | 5 | a call that returns there was made at the start of a process |
/// | 6 | no call: the first function of a goroutine returns there |
/// | 32–63 | distance of the direct call's target from the address, signed |
struct CallSite: Hashable {
    let bits: UInt64

    /// Nothing is known yet.
    static let unknown = CallSite(bits: 0)
    /// No call ends there.
    static let nothing = CallSite(bits: 1)
    /// Code that cannot be read: it may be a call as well as not.
    static let unreadable = CallSite(bits: 3)

    var isUnreadable: Bool { bits & 2 != 0 }
    var isCall: Bool { bits & 0xc != 0 }
    var isIndirect: Bool { bits & 8 != 0 }
    var isOfThreadStart: Bool { bits & 0x10 != 0 }
    var isOfEntry: Bool { bits & 0x20 != 0 }
    var isOfGoroutine: Bool { bits & 0x40 != 0 }

    /// How far a displacement of 32 bits reaches, with room for the function that it leads to.
    private static let reach: UInt64 = 1 << 31 + 1 << 18

    /// Whether a direct call that returns to one address can lead to code at another: only such words of a stack have to
    /// be looked at. No code lies in the first page.
    @inline(__always)
    static func isInReach(_ word: UInt64, of address: UInt64) -> Bool {
        word > 4096 && word &- address &+ reach < 2 * reach
    }

    /// Whether the call is a direct one to at most `distance` bytes in front of an address.
    func isDirect(returningTo pc: UInt64, into address: UInt64, within distance: UInt64) -> Bool {
        guard bits & 4 != 0 else { return false }
        let target = pc &+ UInt64(bitPattern: Int64(bitPattern: bits) >> 32)
        return target <= address && address &- target < distance
    }

    private init(bits: UInt64) { self.bits = bits }

    /// Reads the code of an image.
    ///
    /// - Parameter address: in the image.
    init?(at address: UInt64, in image: any ImageBytes) {
        guard let before = image.readWord(atAddress: address &- 8) else { return nil }
        var bits: UInt64 = 1
        // `call rel32` is E8 and the distance from the next instruction.
        if (before >> 24) & 0xff == 0xe8 { bits |= 4 | before & ~0xffff_ffff }
        if Self.isIndirectCall(before) { bits |= 8 }
        if bits & 8 != 0, ThreadStart.isReturned(to: address, in: image) { bits |= 0x10 }
        if bits & 0xc != 0, ProcessEntry.contains(address &- 1, in: image) { bits |= 0x20 }
        if before >> 56 == 0x90, image.isGoroutineEnd(address &- 1) { bits |= 0x40 }
        self.bits = bits
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

/// The first function of a thread where it has no rules.
enum ThreadStart {
    /// Whether a call returns to code that ends its thread at once: the frame is the root. musl's clone
    /// (src/thread/x86_64/clone.s): `mov %eax, %edi; xor %eax, %eax; mov $60, %al; syscall`.
    static func isReturned(to address: UInt64, in image: any ImageBytes) -> Bool {
        image.readWord(atAddress: address) == 0x050f_3cb0_c031_c789
    }
}

/// The code that the kernel or the dynamic linker jumps to when a process starts: nothing has called it.
enum ProcessEntry {
    /// Bytes of it that are looked at: it passes the stack pointer on and calls, or jumps to, what never returns.
    private static let size: UInt64 = 64

    /// Whether an address of an image is in the code at its entry point, by what C libraries begin there with: they clear
    /// rbp, as the System V ABI AMD64 (3.4.1) wants it, or pass the stack pointer on. Linkers also note the start of the code
    /// of libraries as entry points.
    static func contains(_ address: UInt64, in image: any ImageBytes) -> Bool {
        let entry = image.entryPoint
        guard entry != 0, address &- entry < size, var code = image.readWord(atAddress: entry) else { return false }
        if code & 0xffff_ffff == 0xfa1e_0ff3 {  // endbr64
            guard let behind = image.readWord(atAddress: entry &+ 4) else { return false }
            code = behind
        }
        // mov %rsp, %rdi; call
        if code & 0xffff_ffff == 0xe8e7_8948 { return true }
        let hasPrefix = code & 0xff == 0x48
        if hasPrefix { code >>= 8 }
        // xor %ebp, %ebp; then mov %rdx, %r9 or mov %rsp, %rdi
        let next = (code >> 16) & 0xff_ffff
        return code & 0xffff == 0xed31 && (next == 0xd1_8949 || next == 0xe7_8948)
    }
}
