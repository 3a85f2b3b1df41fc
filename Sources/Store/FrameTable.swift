import Model

/// Distinct frames, numbered, with their names. A value: a snapshot shares its arrays until the next change.
struct FrameTable {
    private var numbers: [FrameKey: UInt32] = [:]
    private(set) var keys: [FrameKey] = []
    private(set) var names: [FrameName] = []
    /// Frames below this number have been handed out for naming.
    private var asked = 0
    private var again: [UInt32] = []

    /// The number of a frame, given at its first use.
    mutating func intern(_ key: FrameKey) -> UInt32 {
        if let number = numbers[key] { return number }
        let number = UInt32(keys.count)
        numbers[key] = number
        keys.append(key)
        names.append(Self.givenName(key))
        return number
    }

    private static func givenName(_ key: FrameKey) -> FrameName {
        switch key.module {
        case .marker:
            let name = Marker(rawValue: key.address)?.name ?? "[marker]"
            return .lines([SourceLine(function: name, systemName: name)])
        case .unknown: return .unnamed(.noMapping)
        default: return .unnamed(.pending)
        }
    }

    var count: Int { keys.count }

    /// Frames that nobody was asked about yet.
    mutating func takeUnnamed() -> [FrameKey] {
        var result: [FrameKey] = []
        for number in again { result.append(keys[Int(number)]) }
        for number in asked..<keys.count where names[number] == .unnamed(.pending) { result.append(keys[number]) }
        asked = keys.count
        again = []
        return result
    }

    /// Sets the name of a frame; frames that are gone meanwhile are passed over.
    mutating func setName(_ name: FrameName, of key: FrameKey) {
        guard let number = numbers[key] else { return }
        names[Int(number)] = name
    }

    /// Asks for the frame again at the next round, because its names may come later (JIT code).
    mutating func askAgain(_ key: FrameKey) {
        if let number = numbers[key] { again.append(number) }
    }

    /// Bytes held, estimated: the dictionary's buckets and the arrays. Strings are shared with the symbolizer's cache.
    var bytes: Int { numbers.capacity * 24 + keys.capacity * 16 + names.capacity * 9 }

    /// A table with only the frames of `kept`, renumbered; `newNumbers` tells old → new, .max for dropped ones.
    func compacted(keeping kept: [Bool]) -> (table: FrameTable, newNumbers: [UInt32]) {
        var table = FrameTable()
        var newNumbers = [UInt32](repeating: .max, count: keys.count)
        for number in keys.indices where kept[number] {
            let new = table.intern(keys[number])
            table.names[Int(new)] = names[number]
            newNumbers[number] = new
        }
        table.asked = keys[0..<asked].indices.reduce(0) { $0 + (kept[$1] ? 1 : 0) }
        table.again = again.compactMap { newNumbers[Int($0)] == .max ? nil : newNumbers[Int($0)] }
        return (table, newNumbers)
    }
}
