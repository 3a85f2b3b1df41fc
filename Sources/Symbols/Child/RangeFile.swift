/// Disjoint ranges of addresses with a name each, as ``RangeIndex``, but in a file: 12 bytes a range on disk, an eighth
/// of a byte in memory.
///
/// A range is the address at which it starts (8 bytes, little-endian) and the reference to its name (4 bytes); it ends
/// where the next one starts.
struct RangeFile {
    static let entrySize = 12
    /// Ranges between two starts that are held in memory.
    static let stride = 64

    private let file: ScratchFile
    private let generation: Int
    private let place: UInt64
    private let count: Int
    /// The start of each 64th range.
    private let starts: [UInt64]

    fileprivate init(file: ScratchFile, place: UInt64, count: Int, starts: [UInt64]) {
        self.file = file
        generation = file.generation
        self.place = place
        self.count = count
        self.starts = starts
    }

    /// Memory held, in bytes.
    var byteCount: Int { 64 + starts.capacity * 8 }
    /// Whether the file still holds it.
    var isThere: Bool { generation == file.generation }

    /// The range around an address and its name, `nil` if the file cannot be read. One read of less than 1 KiB.
    func lookUp(_ address: UInt64) -> (range: Range<UInt64>, name: UInt32)? {
        let block = RangeFile.lastIndex(notAbove: address, count: starts.count) { starts[$0] }
        guard let block, isThere else { return nil }
        let first = block * RangeFile.stride
        let wanted = min(RangeFile.stride + 1, count - first)
        var bytes = [UInt8](repeating: 0, count: wanted * RangeFile.entrySize)
        let got = file.read(at: place + UInt64(first * RangeFile.entrySize), into: &bytes) / RangeFile.entrySize
        guard got == wanted, let index = RangeFile.lastIndex(notAbove: address, count: got, { bytes.start($0) })
        else { return nil }
        let end = index + 1 < got ? bytes.start(index + 1) : UInt64.max
        return (bytes.start(index)..<max(end, bytes.start(index)), bytes.name(index))
    }

    private static func lastIndex(notAbove address: UInt64, count: Int, _ start: (Int) -> UInt64) -> Int? {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if start(middle) <= address { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }
}

/// Writes the ranges of one ``RangeFile``, in the order of their addresses.
struct RangeFileWriter {
    private let file: ScratchFile
    private let place: UInt64
    private var pending: [UInt8] = []
    private var starts: [UInt64] = []
    private var count = 0
    private var lastName: UInt32?

    init(_ file: ScratchFile) {
        self.file = file
        place = file.end
    }

    /// Appends a range; one with the name of the range before it only makes that one longer. False if there is no room.
    mutating func append(start: UInt64, name: UInt32) -> Bool {
        if name == lastName { return true }
        lastName = name
        if count % RangeFile.stride == 0 { starts.append(start) }
        count += 1
        pending.append(start, name)
        return pending.count < 64 << 10 || flush()
    }

    private mutating func flush() -> Bool {
        defer { pending.removeAll(keepingCapacity: true) }
        return file.append(pending)
    }

    /// Everything that was appended; `nil` if there was no room.
    mutating func finish() -> RangeFile? {
        guard flush() else { return nil }
        return RangeFile(file: file, place: place, count: count, starts: starts)
    }

    /// Gives up what was written.
    func abandon() { file.cut(to: place) }
}

extension [UInt8] {
    fileprivate func start(_ index: Int) -> UInt64 { number(at: index * RangeFile.entrySize, bytes: 8) }

    fileprivate func name(_ index: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: number(at: index * RangeFile.entrySize + 8, bytes: 4))
    }

    private func number(at position: Int, bytes: Int) -> UInt64 {
        (0..<bytes).reduce(0) { $0 | UInt64(self[position + $1]) << UInt64($1 * 8) }
    }

    fileprivate mutating func append(_ start: UInt64, _ name: UInt32) {
        for shift in 0..<8 { append(UInt8(truncatingIfNeeded: start >> UInt64(shift * 8))) }
        for shift in 0..<4 { append(UInt8(truncatingIfNeeded: name >> UInt32(shift * 8))) }
    }
}
