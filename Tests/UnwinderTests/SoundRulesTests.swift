import Testing

@testable import Unwinder

/// What libunwind may be shown: all that compilers write, and nothing that makes it read or run beyond its bounds.
struct SoundRulesTests {
    private func isSound(_ instructions: [UInt8]) -> Bool {
        var program = HandMadeProgram()
        let address = program.assembler.add(instructions, size: 0x20)
        guard let bytes = program.space.images[0].bytes, let table = bytes.unwindTable,
            let entry = try? table.entry(covering: address, in: bytes)
        else { return false }
        var rules = SoundRules()
        return rules.hold(at: address, entry, of: table, in: bytes)
    }

    private func expression(_ code: [UInt8]) -> [UInt8] { [0x0f, UInt8(code.count)] + code }

    @Test func whatCompilersWrite() {
        #expect(isSound([]))
        #expect(isSound([0x0c, 7, 16, 0x86, 2]))  // def_cfa rsp+16, rbp at CFA−16
        #expect(isSound([0x09, 16, 2]))  // rip in rcx
        #expect(isSound(expression([0x76, 0x78, 0x06])))  // [rbp−8]
        // A PLT of GNU ld.
        #expect(isSound(expression([0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22])))
    }

    @Test func registersThatAreNone() {
        #expect(!isSound([0x09, 6, 17]))
        #expect(!isSound([0x09, 6, 0xc3, 0xc3, 0x43]))
        #expect(!isSound([0x0c, 40, 16]))
        #expect(!isSound([0x05, 17, 2]))
        #expect(!isSound(expression([0x92, 0x20, 0])))
        #expect(!isSound(expression([0x85, 0])))
    }

    @Test func expressionsThatDoNotEnd() {
        #expect(!isSound(expression([0x30, 0x2f, 0xfc, 0xff])))  // skip
        #expect(!isSound(expression([0x31, 0x28, 0xfc, 0xff])))  // bra
        #expect(!isSound(expression([0x31, 0x30, 0x1b])))  // div
        #expect(!isSound(expression([UInt8](repeating: 0x30, count: 64))))
        #expect(!isSound(expression([0x0e, 1, 2])))  // cut off
    }
}
