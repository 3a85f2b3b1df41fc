import Model

/// Distinct frames, numbered, with their names. A value: a snapshot shares its arrays until the next change.
struct FrameTable {
    /// Open addressing over numbers + 1, 0 = free. A power of two, at most 3/4 full.
    private var table = [UInt32](repeating: 0, count: 1024)
    /// Programs choose the addresses of their code: which of them collide is not for them to know.
    private let multiplier = UInt64.random(in: 0...UInt64.max) | 1
    private(set) var keys: [FrameKey] = []
    private(set) var names: [FrameName] = []
    private var lineBytes = 0
    /// Frames below this number have been handed out for naming.
    private var asked = 0

    /// The number of a frame, given at its first use.
    mutating func intern(_ key: FrameKey) -> UInt32 {
        var place = place(of: key)
        if table[place] != 0 { return table[place] - 1 }
        if (keys.count + 1) * 4 > table.count * 3 {
            grow()
            place = self.place(of: key)
        }
        keys.append(key)
        names.append(Self.givenName(key))
        table[place] = UInt32(keys.count)
        return UInt32(keys.count - 1)
    }

    /// Where a key stands, or would.
    private func place(of key: FrameKey) -> Int {
        let mixed = (key.address ^ UInt64(key.module.rawValue) << 40) &* multiplier
        var place = Int(truncatingIfNeeded: mixed >> 32) & (table.count - 1)
        while table[place] != 0, keys[Int(table[place] - 1)] != key { place = (place + 1) & (table.count - 1) }
        return place
    }

    private mutating func grow() {
        table = [UInt32](repeating: 0, count: table.count * 2)
        for number in keys.indices { table[place(of: keys[number])] = UInt32(number + 1) }
    }

    private func number(of key: FrameKey) -> UInt32? {
        let number = table[place(of: key)]
        return number == 0 ? nil : number - 1
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
        for number in asked..<keys.count where names[number] == .unnamed(.pending) { result.append(keys[number]) }
        asked = keys.count
        return result
    }

    /// Sets the name of a frame; frames that are gone meanwhile are passed over.
    mutating func setName(_ name: FrameName, of key: FrameKey) {
        guard let number = number(of: key) else { return }
        lineBytes += Self.bytes(of: name) - Self.bytes(of: names[Int(number)])
        names[Int(number)] = name
    }

    private static func bytes(of name: FrameName) -> Int {
        if case .lines(let lines) = name { 32 + lines.count * MemoryLayout<SourceLine>.stride } else { 0 }
    }

    /// Bytes held, estimated: the arrays. Strings are shared with the symbolizer's cache.
    var bytes: Int { table.capacity * 4 + keys.capacity * 16 + names.capacity * 9 + lineBytes }

    /// A table with only the frames of `kept`, renumbered; `newNumbers` tells old → new, .max for dropped ones.
    func compacted(keeping kept: [Bool]) -> (table: FrameTable, newNumbers: [UInt32]) {
        var table = FrameTable()
        var newNumbers = [UInt32](repeating: .max, count: keys.count)
        for number in keys.indices where kept[number] {
            let new = table.intern(keys[number])
            table.names[Int(new)] = names[number]
            table.lineBytes += Self.bytes(of: names[number])
            newNumbers[number] = new
        }
        table.asked = keys[0..<asked].indices.reduce(0) { $0 + (kept[$1] ? 1 : 0) }
        return (table, newNumbers)
    }
}
