import Testing

@testable import Unwinder

/// Instructions by hand (Intel SDM, CALL) at 0x40_0000; the return address is behind them.
struct ReturnAddressScanTests {
    private static let base: UInt64 = 0x40_0000
    private static let size = 0x2000

    /// Looks for the caller of `address` on a stack of `words` at 0x7000, with `code` placed to end at `returnAddress`.
    private func caller(
        of address: UInt64, _ code: [UInt8], endingAt returnAddress: UInt64, stack words: [UInt64],
        framePointer: UInt64 = 0, isLeaf: Bool = true, behind: [UInt8] = []
    ) -> ProvenCaller? {
        var bytes = [UInt8](repeating: 0x90, count: Self.size)
        let end = Int(returnAddress - Self.base)
        bytes.replaceSubrange((end - code.count)..<(end + behind.count), with: code + behind)
        let image = FlatImage(address: 0, bytes)
        var registers = Registers()
        registers.stackPointer = 0x7000
        let stack = words.flatMap { [UInt8].little($0) }
        return unsafe stack.withUnsafeBytes { buffer in
            let sample = unsafe StackSample(registers: registers, stack: buffer, isCut: false)
            let range = Self.base..<(Self.base + UInt64(Self.size))
            let space = FlatSpace([
                MappedImage(range: range, bias: Self.base, bytes: image),
                MappedImage(range: Self.unreadable, bias: 0, bytes: nil),
            ])
            let scan = ReturnAddressScan(sample: sample, space: space, sites: CallSites())
            return scan.caller(of: address, sp: 0x7000, framePointer: framePointer, isLeaf: isLeaf)
        }
    }

    /// Code that a runtime made.
    private static let unreadable: Range<UInt64> = 0x80_0000..<0x81_0000

    private func directCall(from returnAddress: UInt64, to target: UInt64) -> [UInt8] {
        [0xe8] + .little(Int32(truncatingIfNeeded: Int64(target) - Int64(returnAddress)))
    }

    /// A call of the function that the code is in proves the caller, also behind other words.
    @Test(arguments: [0, 1, 63]) func direct(depth: Int) {
        let back: UInt64 = 0x40_0800
        let code = directCall(from: back, to: 0x40_1000)
        let stack = [UInt64](repeating: 0x1234_5678, count: depth) + [back, 0]
        for isLeaf in [true, false] {
            let found = caller(of: 0x40_1010, code, endingAt: back, stack: stack, isLeaf: isLeaf)
            #expect(found?.pc == back)
            #expect(found?.sp == 0x7008 + UInt64(depth) * 8)
            #expect(found != nil && found?.framePointer == nil)
        }
    }

    /// A frame pointer that leads upwards to a call is believed before calls that may be left over; others are not.
    @Test func framePointer() throws {
        let back: UInt64 = 0x40_0800
        let stack: [UInt64] = [0, 0, 0x7018, back, 0]
        let call: [UInt8] = [0xff, 0xd0]
        let found = try #require(caller(of: 0x40_1010, call, endingAt: back, stack: stack, framePointer: 0x7010))
        #expect(found.pc == back && found.sp == 0x7020 && found.framePointer == 0x7018)
        // Downwards, unaligned, below the stack pointer, not behind a call.
        #expect(
            caller(of: 0x40_1010, call, endingAt: back, stack: [0, 0, 0x7008, back, 0], framePointer: 0x7010) == nil)
        // A caller that used rbp for a number.
        #expect(
            caller(of: 0x40_1010, call, endingAt: back, stack: [0, 0, 8, back, 0], framePointer: 0x7010)?.pc == back)
        #expect(caller(of: 0x40_1010, call, endingAt: back, stack: stack, framePointer: 0x7011) == nil)
        #expect(caller(of: 0x40_1010, call, endingAt: back, stack: stack, framePointer: 0x6ff0) == nil)
        #expect(caller(of: 0x40_1010, [0x90], endingAt: back, stack: stack, framePointer: 0x7010) == nil)
    }

    /// Calls of other functions: behind the code, or too far in front of it; and words too deep in the stack.
    @Test func notOurs() {
        let back: UInt64 = 0x40_0800
        let behind = directCall(from: back, to: 0x40_1011)
        #expect(caller(of: 0x40_1010, behind, endingAt: back, stack: [back]) == nil)
        let far = directCall(from: back, to: 0x40_1010 - 0x1_0000)
        #expect(caller(of: 0x40_1010, far, endingAt: back, stack: [back]) == nil)
        let near = directCall(from: back, to: 0x40_1010 - 0xffff)
        #expect(caller(of: 0x40_1010, near, endingAt: back, stack: [back]) != nil)
        let ours = directCall(from: back, to: 0x40_1000)
        // A call further up may be left over: it must be nearer.
        let middle = directCall(from: back, to: 0x40_1010 - 0x1000)
        #expect(caller(of: 0x40_1010, middle, endingAt: back, stack: [back]) != nil)
        #expect(caller(of: 0x40_1010, middle, endingAt: back, stack: [0, back]) == nil)
        let deep = [UInt64](repeating: 0, count: 64) + [back]
        #expect(caller(of: 0x40_1010, ours, endingAt: back, stack: deep) == nil)
    }

    static let indirect: [(String, [UInt8])] = [
        ("call rax", [0xff, 0xd0]), ("call rdi", [0xff, 0xd7]), ("call r11", [0x41, 0xff, 0xd3]),
        ("call [rax+8]", [0xff, 0x50, 8]), ("call [rbp-16]", [0xff, 0x55, 0xf0]),
        ("call [rax+0x1234]", [0xff, 0x90, 0x34, 0x12, 0, 0]), ("call [rip+0x100]", [0xff, 0x15, 0, 1, 0, 0]),
        ("call [rax]", [0xff, 0x10]), ("call [r14]", [0x41, 0xff, 0x16]), ("call [rsp]", [0xff, 0x14, 0x24]),
        ("call [rax+rbx*8]", [0xff, 0x14, 0xd8]), ("call [rbx*8+0x100]", [0xff, 0x14, 0xdd, 0, 1, 0, 0]),
        ("call [rsp+8]", [0xff, 0x54, 0x24, 8]), ("call [rsp+0x100]", [0xff, 0x94, 0x24, 0, 1, 0, 0]),
        ("call [r13+rdi*8+0x49c8]", [0x41, 0xff, 0x94, 0xfd, 0xc8, 0x49, 0, 0]),
    ]

    /// An indirect call says nothing about its target: only the top of a leaf's stack is believed.
    @Test(arguments: indirect) func indirectCalls(_ name: String, _ code: [UInt8]) {
        let back: UInt64 = 0x40_0800
        #expect(caller(of: 0x40_1010, code, endingAt: back, stack: [back])?.pc == back, "\(name)")
        #expect(caller(of: 0x40_1010, code, endingAt: back, stack: [0, back]) == nil)
        #expect(caller(of: 0x40_1010, code, endingAt: back, stack: [back], isLeaf: false) == nil)
    }

    static let others: [(String, [UInt8])] = [
        ("jmp rax", [0xff, 0xe0]), ("push [rax]", [0xff, 0x30]), ("inc eax", [0xff, 0xc0]),
        ("jmp rel32", [0xe9, 0, 0, 0, 0]),
        ("call [rsp+8] without its displacement", [0xff, 0x54, 0x24]),
        ("call [rsp+0x100] without its last byte", [0xff, 0x94, 0x24, 0, 1, 0]),
        ("call [rip+0x100] without its last byte", [0xff, 0x15, 0, 1, 0]), ("jmp [rax]", [0xff, 0x20]),
        ("nop", [0x90]), ("push [rip+0]", [0xff, 0x35, 0, 0, 0, 0]), ("ret", [0xc3]),
    ]

    @Test(arguments: others) func otherInstructions(_ name: String, _ code: [UInt8]) {
        #expect(caller(of: 0x40_1010, code, endingAt: 0x40_0800, stack: [0x40_0800]) == nil, "\(name)")
    }

    /// rbp leads to a frame if that lies above, links upwards and returns behind a call.
    @Test func framePointers() {
        let back: UInt64 = 0x40_0800
        func caller(_ pointer: UInt64, _ stack: [UInt64], _ code: [UInt8] = [0xff, 0xd0]) -> ProvenCaller? {
            self.caller(of: 0x80_0010, code, endingAt: back, stack: stack, framePointer: pointer, isLeaf: false)
        }
        let found = caller(0x7010, [1, 2, 0x7100, back])
        #expect(found?.pc == back && found?.sp == 0x7020 && found?.framePointer == 0x7100)
        #expect(caller(0x7010, [1, 2, 0, back])?.framePointer == 0)
        // The caller is code that nobody can read.
        #expect(caller(0x7010, [1, 2, 0x7100, 0x80_0100])?.pc == 0x80_0100)
        #expect(caller(0x7010, [1, 2, 0x7010, back]) == nil, "a loop")
        #expect(caller(0x7010, [1, 2, 0x7008, back]) == nil, "downwards")
        #expect(caller(0x6ff8, [0x7100, back, 0, 0]) == nil, "below the stack pointer")
        #expect(caller(0x7009, [1, 2, 0x7100, back]) == nil, "not aligned")
        #expect(caller(0x7018, [1, 2, 3, 0x7100]) == nil, "the end of the copy")
        #expect(caller(.max - 7, [1, 2, 3, 4]) == nil)
        #expect(caller(0x7010, [1, 2, 0x7100, back], [0x90]) == nil, "no call")
        #expect(caller(0x7010, [1, 2, 0x7100, 0x1234_5678]) == nil, "no code")
    }

    /// What musl's clone does behind the call of a thread's function.
    @Test func threadRoot() {
        let back: UInt64 = 0x40_0800
        let end: [UInt8] = [0x89, 0xc7, 0x31, 0xc0, 0xb0, 0x3c, 0x0f, 0x05]
        let stack = [0, 0, back]
        let found = caller(of: 0x80_0010, [0xff, 0xd1], endingAt: back, stack: stack, isLeaf: false, behind: end)
        #expect(found?.pc == back && found?.sp == 0x7018)
        #expect(caller(of: 0x80_0010, [0xff, 0xd1], endingAt: back, stack: stack, isLeaf: false) == nil)
    }

    /// Words that are no addresses of code, at the borders of what is mapped and of all addresses.
    @Test(arguments: [0, 1, 4096, 0x3f_ffff, 0x40_0000, 0x40_0001, 0x40_0007, 0x40_2001, .max] as [UInt64])
    func strayWords(_ word: UInt64) {
        #expect(caller(of: 0x40_1010, [0x90], endingAt: 0x40_0800, stack: [word]) == nil)
    }
}
