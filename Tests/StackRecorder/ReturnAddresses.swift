import Unwinder

/// libunwind goes on behind a frame without a rule at an address inside of the call, which it then takes for exact: a
/// fixture has the return address.
enum ReturnAddresses {
    static func restore(in frames: inout [UnwoundFrame], of process: StoppedProcess) {
        for index in frames.indices.dropFirst() {
            let callee = frames[index - 1]
            if isSignalReturn(callee.pc, process) {
                frames[index].isExact = true
            } else if frames[index].isExact, !isSignalReturn(frames[index].pc, process) {
                frames[index] = UnwoundFrame(pc: frames[index].pc &+ 1, sp: frames[index].sp, isExact: false)
            }
        }
    }

    /// `mov $15, %rax; syscall` or `mov $15, %eax`, the second half of it, or the system call: rt_sigreturn.
    static func isSignalReturn(_ pc: UInt64, _ process: StoppedProcess) -> Bool {
        guard let code = process.read(pc..<(pc &+ 9)) else { return false }
        return code.starts(with: [0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 5])
    }
}
