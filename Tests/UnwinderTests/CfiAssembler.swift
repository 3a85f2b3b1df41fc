import TestKit

@testable import Unwinder

/// Makes `.eh_frame` and its sorted table by hand: two CIEs, one of them for signal frames, one FDE for each function.
struct CfiAssembler {
    /// Where the image has its unwind tables and its code.
    static let tableAddress: UInt64 = 0x1000
    static let codeAddress: UInt64 = 0x40_0000

    var augmentation = "zR"
    var codeAlignment: UInt8 = 1
    /// −8
    var dataAlignment: UInt8 = 0x78
    var returnColumn: UInt8 = 16
    /// CFA = rsp + 8, return address at CFA − 8: what every function starts with.
    var initial: [UInt8] = [0x0c, 7, 8, 0x90, 1]
    private(set) var functions: [(size: UInt32, instructions: [UInt8], isSignal: Bool)] = []

    /// Address of the function that is added next.
    var nextFunction: UInt64 { functions.reduce(Self.codeAddress) { $0 + UInt64($1.size) } }

    /// Adds a function; returns its address.
    @discardableResult
    mutating func add(_ instructions: [UInt8], size: UInt32 = 0x100, isSignal: Bool = false) -> UInt64 {
        let address = nextFunction
        functions.append((size, instructions, isSignal))
        return address
    }

    /// The sorted table, then the section.
    func bytes() -> [UInt8] {
        let headerSize = 12 + functions.count * 8
        let signal = common(augmentation + "S")
        var section = signal + common(augmentation)
        var pairs: [UInt8] = []
        var code = Self.codeAddress
        for function in functions {
            let record = Self.tableAddress + UInt64(headerSize + section.count)
            pairs += .little(Int32(Int64(code) - Int64(Self.tableAddress)))
            pairs += .little(Int32(headerSize + section.count))
            var body = [UInt8].little(UInt32(section.count + 4 - (function.isSignal ? 0 : signal.count)))
            body += .little(Int32(Int64(code) - Int64(record + 8))) + .little(function.size)
            if augmentation.hasPrefix("z") { body += [0] }
            body += function.instructions
            section += .little(UInt32(body.count)) + body
            code += UInt64(function.size)
        }
        let header: [UInt8] = [1, 0x1b, 3, 0x3b] + .little(Int32(headerSize - 4)) + .little(UInt32(functions.count))
        return header + pairs + section + .little(UInt32(0))
    }

    private func common(_ augmentation: String) -> [UInt8] {
        var body = [UInt8].little(UInt32(0)) + [1] + Array(augmentation.utf8) + [0]
        body += [codeAlignment, dataAlignment, returnColumn]
        if augmentation.hasPrefix("z") { body += [1, 0x1b] }
        body += initial
        return .little(UInt32(body.count)) + body
    }

    /// The tables as an image.
    func image(number: UInt64 = 0) -> FlatImage {
        let bytes = bytes()
        let image = FlatImage(address: Self.tableAddress, bytes, number: number)
        image.unwindTable = UnwindTable(header: Self.tableAddress, size: UInt64(bytes.count), in: image)
        return image
    }
}

extension RuleSource {
    /// One that nobody counts.
    static var fresh: RuleSource { RuleSource(counters: UnwindCounters()) }
}

extension UnwindRow {
    /// The row of an address behind some instructions.
    static func after(
        _ instructions: [UInt8], at offset: UInt64 = 0, _ change: (inout CfiAssembler) -> Void = { _ in }
    ) throws -> UnwindRow? {
        var assembler = CfiAssembler()
        change(&assembler)
        let address = assembler.add(instructions)
        return try RuleSource.fresh.row(at: address + offset, in: assembler.image())
    }
}
