/// The frame that the kernel makes on the stack for a signal handler (struct rt_sigframe and struct sigcontext_64:
/// arch/x86/include/asm/sigframe.h, uapi/asm/sigcontext.h).
enum SignalFrame {
    /// Where registers 0…16 of DWARF are saved, as distances from the stack pointer behind the handler's return.
    static let places: InlineArray<17, UInt64> = [
        144, 136, 152, 128, 112, 104, 120, 160, 40, 48, 56, 64, 72, 80, 88, 96, 168,
    ]
    static let framePointer: UInt64 = 120
    static let stackPointer: UInt64 = 160
    static let instructionPointer: UInt64 = 168
    /// Up to behind the last of them.
    static let size: UInt64 = 176
}

extension CodeSpace {
    /// Whether code without a rule starts a process or a thread: nothing called it.
    func isRoot(_ address: UInt64) -> Bool {
        guard let image = image(at: address), let bytes = image.bytes else { return false }
        return bytes.isRoot(address &- image.bias)
    }

    /// See ``ImageBytes``.
    func isGoroutineEnd(_ address: UInt64) -> Bool {
        guard let image = image(at: address), let bytes = image.bytes else { return false }
        return bytes.isGoroutineEnd(address &- image.bias)
    }

    /// Whether code at an address is a C library's return from a signal: `mov $15, %rax; syscall`, the form that gdb,
    /// libgcc and libunwind recognise.
    func isSignalReturn(_ address: UInt64) -> Bool {
        guard let image = image(at: address), let bytes = image.bytes else { return false }
        return bytes.isSignalReturn(address &- image.bias)
    }
}

extension ImageBytes {
    /// See ``CodeSpace``.
    func isRoot(_ address: UInt64) -> Bool {
        ThreadStart.isReturned(to: address &+ 1, in: self) || ProcessEntry.contains(address, in: self)
    }

    /// Whether an address is in front of the one that the first function of a goroutine returns to, as if a call stood
    /// there: `nop; call runtime.goexit1; nop` (Go's runtime/asm_amd64.s, goexit).
    func isGoroutineEnd(_ address: UInt64) -> Bool {
        guard let code = readWord(atAddress: address) else { return false }
        return code & 0xffff == 0xe890 && (code >> 48) & 0xff == 0x90
    }

    /// See ``CodeSpace``.
    func isSignalReturn(_ address: UInt64) -> Bool {
        readWord(atAddress: address) == 0x0f00_0000_0fc0_c748
            && readWord(atAddress: address &+ 1) == 0x050f_0000_000f_c0c7
    }
}
