import Unwinder

/// Why a fixture cannot be read.
public struct FixtureError: Error, Hashable, CustomStringConvertible {
    /// Counted from 1.
    public var line: Int
    /// What is wrong with it.
    public var problem: String
    /// Line and problem.
    public var description: String { "line \(line): \(problem)" }
}

extension StackFixture {
    /// Largest file that is read, in bytes.
    public static let maximumSize = 1 << 20

    /// Reads a file's text. Nothing in it is believed: every number is checked, memory is bounded by the text's size and
    /// the largest stack.
    public init(text: String) throws(FixtureError) {
        var reader = FixtureReader()
        guard text.utf8.count <= Self.maximumSize else { throw FixtureError(line: 0, problem: "too large") }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) { try reader.read(line) }
        self = try reader.finish()
    }
}

/// Takes a file line by line.
private struct FixtureReader {
    private static let maximumImages = 256
    private var fixture = StackFixture()
    private var number = 0
    private var registersSeen = 0
    private var endSeen = false
    /// Whether `at` means the stack; else it means the last image.
    private var isInStack = false

    mutating func read(_ line: Substring) throws(FixtureError) {
        number += 1
        if number == 1 {
            guard line == FixtureText.firstLine else { throw error("not a recorded stack of version 1") }
            return
        }
        if line.isEmpty { return }
        let words = line.split(separator: " ", maxSplits: 1)
        let rest = words.count == 2 ? words[1] : ""
        guard try take(String(words[0]), rest) else { throw error("cannot be read: \(line.prefix(80))") }
    }

    consuming func finish() throws(FixtureError) -> StackFixture {
        guard number > 1, registersSeen == 17, endSeen else { throw error("registers or the end are missing") }
        var previous: UInt64 = 0
        for mapping in fixture.mappings {
            guard mapping.range.lowerBound >= previous else { throw error("mappings are not sorted") }
            previous = mapping.range.upperBound
            if let image = mapping.image, image >= fixture.images.count { throw error("no image \(image)") }
        }
        return fixture
    }

    private func error(_ problem: String) -> FixtureError { FixtureError(line: number, problem: problem) }

    private mutating func take(_ key: String, _ rest: Substring) throws(FixtureError) -> Bool {
        let words = rest.split(separator: " ")
        switch key {
        case "fact": return takeFact(rest)
        case "register": return takeRegister(words)
        case "gdb": return takeDebuggerFrame(rest)
        case "frame": return takeFrame(words)
        case "end":
            guard let outcome = FixtureText.outcome(words), !endSeen else { return false }
            fixture.outcome = outcome
            endSeen = true
            return true
        case "mapping": return takeMapping(words)
        case "stack": return takeStack(words)
        case "at": return takeBytes(words)
        default: return takeImagePart(key, words)
        }
    }

    private mutating func takeFact(_ rest: Substring) -> Bool {
        let parts = rest.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return false }
        fixture.facts.append(.init(String(parts[0]), String(parts[1])))
        return true
    }

    private mutating func takeRegister(_ words: [Substring]) -> Bool {
        guard words.count == 2, registersSeen < 17, words[0] == FixtureText.registers[registersSeen],
            let value = UInt64(words[1], radix: 16)
        else { return false }
        fixture.registers.values[registersSeen] = value
        registersSeen += 1
        return true
    }

    private mutating func takeDebuggerFrame(_ rest: Substring) -> Bool {
        let words = rest.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, let pc = UInt64(words[0], radix: 16), let sp = UInt64(words[1], radix: 16)
        else { return false }
        fixture.debugger.append(DebuggerFrame(pc: pc, sp: sp, name: words.count == 3 ? String(words[2]) : ""))
        return true
    }

    private mutating func takeFrame(_ words: [Substring]) -> Bool {
        guard words.count == 3, let pc = UInt64(words[0], radix: 16), let sp = UInt64(words[1], radix: 16),
            words[2] == "exact" || words[2] == "return"
        else { return false }
        fixture.frames.append(UnwoundFrame(pc: pc, sp: sp, isExact: words[2] == "exact"))
        return true
    }

    private mutating func takeMapping(_ words: [Substring]) -> Bool {
        guard words.count == 5, let start = UInt64(words[0], radix: 16), let end = UInt64(words[1], radix: 16),
            start < end, let bias = UInt64(words[3], radix: 16), words[4] == "native" || words[4] == "foreign"
        else { return false }
        let image = UInt16(words[2]).map { Int($0) }
        let isMade = words[2] == "made"
        guard words[2] == "-" || isMade || image != nil else { return false }
        fixture.mappings.append(
            RecordedMapping(
                range: start..<end, image: image, bias: bias, isForeign: words[4] == "foreign", isMade: isMade))
        return true
    }

    private mutating func takeStack(_ words: [Substring]) -> Bool {
        guard words.count == 2, let size = Int(words[0]), (0...65536).contains(size), registersSeen == 17,
            words[1] == "cut" || words[1] == "whole", fixture.stack.isEmpty
        else { return false }
        fixture.stack = [UInt8](repeating: 0, count: size)
        fixture.isCut = words[1] == "cut"
        isInStack = true
        return true
    }

    private mutating func takeBytes(_ words: [Substring]) -> Bool {
        guard words.count == 2, let address = UInt64(words[0], radix: 16), let bytes = Hexadecimal.bytes(words[1])
        else { return false }
        guard isInStack else {
            guard let last = fixture.images.indices.last else { return false }
            return fixture.images[last].bytes.append(bytes, at: address)
        }
        let offset = address &- fixture.registers.stackPointer
        guard bytes.count <= fixture.stack.count, offset <= UInt64(fixture.stack.count - bytes.count)
        else { return false }
        fixture.stack.replaceSubrange(Int(offset)..<Int(offset) + bytes.count, with: bytes)
        return true
    }

    private mutating func takeImagePart(_ key: String, _ words: [Substring]) -> Bool {
        if key == "image" {
            guard words.count == 2, fixture.images.count < Self.maximumImages else { return false }
            fixture.images.append(
                RecordedImage(name: String(words[0]), buildID: words[1] == "-" ? "" : String(words[1])))
            isInStack = false
            return true
        }
        let numbers = words.compactMap { UInt64($0, radix: 16) }
        guard numbers.count == words.count, let last = fixture.images.indices.last else { return false }
        switch (key, numbers.count) {
        case ("segment", 2) where numbers[0] < numbers[1]:
            fixture.images[last].segments.append(numbers[0]..<numbers[1])
        case ("entry", 1): fixture.images[last].entryPoint = numbers[0]
        case ("header", 3):
            fixture.images[last].table = .header(address: numbers[0], size: numbers[1], count: numbers[2])
        case ("section", 2): fixture.images[last].table = .section(address: numbers[0], size: numbers[1])
        case ("pair", 2) where fixture.images[last].pairs.last.map({ $0.index < numbers[0] }) ?? true:
            fixture.images[last].pairs.append(.init(index: numbers[0], word: numbers[1]))
        default: return false
        }
        return true
    }
}
