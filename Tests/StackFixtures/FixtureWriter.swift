import Unwinder

extension StackFixture {
    /// The file's text; its format is in `Tests/Fixtures/stacks/README.md`.
    public func text() -> String {
        var lines = [FixtureText.firstLine]
        lines += facts.map { "fact \($0.key) \($0.value)" }
        lines += FixtureText.registers.indices.map { index in
            "register \(FixtureText.registers[index]) \(Hexadecimal.text(registers.values[index]))"
        }
        lines += debugger.map { frame in
            "gdb \(Hexadecimal.text(frame.pc)) \(Hexadecimal.text(frame.sp)) \(frame.name)"
        }
        lines += frames.map { frame in
            "frame \(Hexadecimal.text(frame.pc)) \(Hexadecimal.text(frame.sp)) \(frame.isExact ? "exact" : "return")"
        }
        lines.append("end \(FixtureText.text(outcome))")
        lines += mappings.map { mapping in
            "mapping \(Hexadecimal.text(mapping.range.lowerBound)) \(Hexadecimal.text(mapping.range.upperBound))"
                + " \(mapping.image.map { "\($0)" } ?? (mapping.isMade ? "made" : "-")) \(Hexadecimal.text(mapping.bias))"
                + " \(mapping.isForeign ? "foreign" : "native")"
        }
        for image in images { lines += image.lines() }
        lines.append("stack \(stack.count) \(isCut ? "cut" : "whole")")
        lines += Self.lines(of: stack, at: registers.stackPointer, leavingOutZeros: true)
        return lines.joined(separator: "\n") + "\n"
    }

    /// 32 bytes a line.
    fileprivate static func lines(of bytes: [UInt8], at start: UInt64, leavingOutZeros: Bool) -> [String] {
        stride(from: 0, to: bytes.count, by: 32).compactMap { offset in
            let line = bytes[offset..<min(offset + 32, bytes.count)]
            if leavingOutZeros && line.allSatisfy({ $0 == 0 }) { return nil }
            return "at \(Hexadecimal.text(start &+ UInt64(offset))) \(Hexadecimal.text(line))"
        }
    }
}

extension RecordedImage {
    fileprivate func lines() -> [String] {
        var lines = ["image \(name) \(buildID.isEmpty ? "-" : buildID)"]
        lines += segments.map { "segment \(Hexadecimal.text($0.lowerBound)) \(Hexadecimal.text($0.upperBound))" }
        if entryPoint != 0 { lines.append("entry \(Hexadecimal.text(entryPoint))") }
        switch table {
        case .none: break
        case .header(let address, let size, let count):
            lines.append("header \(Hexadecimal.text(address)) \(Hexadecimal.text(size)) \(Hexadecimal.text(count))")
        case .section(let address, let size):
            lines.append("section \(Hexadecimal.text(address)) \(Hexadecimal.text(size))")
        }
        lines += pairs.map { "pair \(Hexadecimal.text($0.index)) \(Hexadecimal.text($0.word))" }
        for piece in bytes.pieces {
            lines += StackFixture.lines(of: piece.bytes, at: piece.start, leavingOutZeros: false)
        }
        return lines
    }
}
