import Binary
import StackFixtures
import Unwinder

/// What a fixture keeps of a file for the frames in it, more than one engine read: whole FDEs and CIEs, the pairs of the
/// table around them, code around the frame.
struct FramePart {
    private let file: RecordedFile
    /// Positions in the table.
    private(set) var pairs: Set<UInt64> = []
    /// Addresses of FDEs and CIEs.
    private(set) var records: Set<UInt64> = []

    init(_ file: RecordedFile) { self.file = file }

    private static let codeBefore: UInt64 = 256
    private static let codeBehind: UInt64 = 64

    /// Keeps what belongs to the code at an address of the file, and to the byte before it.
    mutating func add(frame address: UInt64) {
        file.keep((address &- min(address, Self.codeBefore))..<(address &+ Self.codeBehind))
        for place in [address, address &- 1] { add(rulesOf: place) }
    }

    /// Keeps the code around a word on the stack that may be a return address.
    mutating func add(word address: UInt64) {
        file.keep((address &- min(address, 16))..<(address &+ 16))
    }

    private mutating func add(rulesOf address: UInt64) {
        guard let table = file.unwindTable else { return }
        var low: UInt64 = 0
        var high = table.entryCount
        while low < high {
            let middle = (low + high) / 2
            guard let word = pair(middle, of: table) else { return }
            if Int64(Int32(truncatingIfNeeded: word)) <= Int64(bitPattern: address &- table.base) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        // The one that the search ends at, and its neighbours.
        for index in (low < 2 ? 0 : low - 2)..<min(low + 2, table.entryCount) { pairs.insert(index) }
        guard low > 0, let word = pair(low - 1, of: table) else { return }
        add(fde: table.base &+ UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: word >> 32))))
    }

    /// A pair of the table, without a note of the read.
    func pair(_ index: UInt64, of table: UnwindTable) -> UInt64? {
        if let own = table.index { return own.words[Int(index)] }
        return file.image.readWord(atAddress: table.entries &+ index * 8)
    }

    private mutating func add(fde address: UInt64) {
        guard let distance = file.image.readUInt32(atAddress: address &+ 4), keep(record: address) else { return }
        _ = keep(record: address &+ 4 &- UInt64(distance))
    }

    private mutating func keep(record address: UInt64) -> Bool {
        guard let length = file.image.readUInt32(atAddress: address), length < 1 << 16 else { return false }
        // Engines read by words of 8 bytes.
        file.keep((address & ~7)..<((address &+ 4 &+ UInt64(length) &+ 15) & ~7))
        records.insert(address)
        return true
    }
}
