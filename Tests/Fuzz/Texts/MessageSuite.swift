import Model
import Unwinder

@testable import Sampler
@testable import Symbols

/// Messages: records of the kernel's ring, and what daemon and child tell each other; the child may have been taken
/// over by a file that it read.
final class MessageSuite: FuzzSuite {
    static let name = "message"

    init() {}

    func seeds() -> [[UInt8]] {
        let record = [9, 0, 0, 0, 2, 0, 0, 2] + [UInt8](repeating: 1, count: 504)
        let others: [[UInt8]] = [3, 4, 7, 10, 19, 2, 13, 5].map { [$0, 0, 0, 0, 0, 32, 96, 0] + Array(0..<88) }
        let request = SymbolRequest(
            sequence: 1, module: 2, kind: .elf, size: 0, identity: 0, addresses: [1, 2, 3])
        let lines = [LocatedLine(function: "a", systemName: "b", file: "c.c", line: 4)]
        let answers = [
            SymbolAnswer(index: 0, range: 1..<9, outcome: .named(function: "f", systemName: "_f")),
            SymbolAnswer(index: 1, range: 9..<9, outcome: .unnamed(.noSymbol)),
            SymbolAnswer(index: 2, range: 9..<12, outcome: .located(lines)),
        ]
        let response = SymbolResponse(sequence: 1, cpuNanoseconds: 2, answers: answers)
        return ([record] + others).map { [0] + $0 } + [[1] + request.encoded(), [2] + response.encoded()]
    }

    /// An input: the kind, a message.
    func run(_ input: [UInt8]) {
        let message = input.dropFirst()
        switch (input.first ?? 0) % 3 {
        case 0:
            // SAFETY: the record does not leave the closure.
            unsafe message.withUnsafeBytes { unsafe read(PerfRecord($0)) }
        case 1:
            guard let request = SymbolRequest(decoding: message) else { return }
            promise(request.addresses.count <= Wire.maximumAddresses)
            promise(SymbolRequest(decoding: request.encoded()[...]) == request)
        default:
            guard let response = SymbolResponse(decoding: message) else { return }
            promise(response.answers.count <= input.count)
        }
    }

    /// Reads all that a record lends.
    private func read(_ record: PerfRecord) {
        guard case .sample(let sample) = record else { return }
        var sum: UInt64 = 0
        for index in 0..<sample.kernelDepth { sum &+= sample.kernelAddress(index) }
        guard let stack = sample.user else { return }
        for address in stride(from: stack.stackStart, to: max(stack.stackStart, stack.stackEnd &- 8), by: 8) {
            sum &+= stack.word(at: address) ?? 0
        }
    }
}
