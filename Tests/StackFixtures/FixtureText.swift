import Model
public import Unwinder

/// Words of a fixture's file for values of the model.
enum FixtureText {
    static let firstLine = "hearth-stack 1"

    /// Names in DWARF order.
    static let registers = [
        "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
        "rip",
    ]

    static func text(_ outcome: UnwindOutcome) -> String {
        switch outcome {
        case .ended(.broken(let reason)): "broken \(reason.rawValue)"
        case .ended(let end): end.label
        case .handedBack(let pc, let sp, let framePointer):
            "back " + [pc, sp, framePointer].map { Hexadecimal.text($0) }.joined(separator: " ")
        }
    }

    static func outcome(_ words: [Substring]) -> UnwindOutcome? {
        switch (words.first, words.count) {
        case ("complete", 1): return .ended(.complete)
        case ("completed", 1): return .ended(.completed)
        case ("truncated", 1): return .ended(.truncated)
        case ("broken", 2): return BrokenReason(rawValue: String(words[1])).map { .ended(.broken($0)) }
        case ("back", 4):
            let numbers = words.dropFirst().compactMap { UInt64($0, radix: 16) }
            return numbers.count == 3 ? .handedBack(pc: numbers[0], sp: numbers[1], framePointer: numbers[2]) : nil
        default: return nil
        }
    }
}

extension UnwindOutcome {
    /// An outcome as files write it, with `:` or blanks between its words.
    public init?(recorded text: String) {
        let words = text.split { $0 == " " || $0 == ":" }
        guard let outcome = FixtureText.outcome(words) else { return nil }
        self = outcome
    }
}
