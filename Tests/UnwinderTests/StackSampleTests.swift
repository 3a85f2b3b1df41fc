import Testing
import Unwinder

struct StackSampleTests {
    private func words(_ addresses: [UInt64], size: Int, at start: UInt64) -> [UInt64?] {
        var registers = Registers()
        registers.stackPointer = start
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        return unsafe bytes.withUnsafeBytes { buffer in
            let sample = unsafe StackSample(registers: registers, stack: buffer, isCut: false)
            return addresses.map { sample.word(at: $0) }
        }
    }

    @Test func bounds() {
        let read = words([0xfff, 0x1000, 0x1001, 0x1008, 0x1009, 0x1010, 0, .max], size: 16, at: 0x1000)
        #expect(
            read == [
                nil, 0x0706_0504_0302_0100, 0x0807_0605_0403_0201, 0x0f0e_0d0c_0b0a_0908, nil, nil, nil, nil,
            ])
        for size in 0..<8 { #expect(words([0x1000], size: size, at: 0x1000) == [nil]) }
    }

    /// A stack pointer at the end of the address space does not wrap into the copy.
    @Test func endOfAddressSpace() {
        #expect(words([.max - 7, .max - 6, 0, 8], size: 8, at: .max - 7) == [0x0706_0504_0302_0100, nil, nil, nil])
    }

    @Test func lookupAddresses() {
        #expect(UnwoundFrame(pc: 100, sp: 0, isExact: true).lookupAddress == 100)
        #expect(UnwoundFrame(pc: 100, sp: 0, isExact: false).lookupAddress == 99)
        #expect(UnwoundFrame(pc: 0, sp: 0, isExact: false).lookupAddress == .max)
    }
}
