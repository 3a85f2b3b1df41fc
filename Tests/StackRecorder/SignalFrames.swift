import StackFixtures
import Unwinder

/// Goes on behind signal frames without rules, where libunwind stops: musl's return from a signal has none.
enum SignalFrames {
    /// Places of the registers 0…16 of DWARF in the `struct sigcontext` of the kernel (arch/x86/include/uapi/asm/
    /// sigcontext.h: r8…r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip), which is 40 bytes into the `ucontext`.
    private static let order = [13, 12, 14, 11, 9, 8, 10, 15, 0, 1, 2, 3, 4, 5, 6, 7, 16]

    static func passOver(in fixture: inout StackFixture, of process: StoppedProcess) {
        for _ in 0..<8 {
            guard let last = fixture.frames.last, ReturnAddresses.isSignalReturn(last.pc, process) else { return }
            var fixed = fixture
            let end = fixture.registers.stackPointer &+ UInt64(fixture.stack.count)
            for index in order.indices {
                let place = last.sp &+ 40 &+ UInt64(order[index] * 8)
                guard let word = fixture.withSample({ $0.word(at: place) }) else { return }
                fixed.registers.values[index] = word
            }
            guard fixed.registers.stackPointer > last.sp, fixed.registers.stackPointer < end else { return }
            fixed.stack = Array(fixture.stack.suffix(Int(end - fixed.registers.stackPointer)))
            var frames: [UnwoundFrame] = []
            fixture.outcome = fixed.withSample { LibunwindEngine().unwind($0, in: process, into: &frames) }
            ReturnAddresses.restore(in: &frames, of: process)
            fixture.frames += frames
        }
    }
}
