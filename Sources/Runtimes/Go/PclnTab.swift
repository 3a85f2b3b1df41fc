public import Binary

/// A function of a Go program. Addresses are those of the file, before any load bias.
public struct GoFunction: Hashable, Sendable {
    /// The first address.
    public var entry: UInt64
    /// The first address after it: the next function's entry.
    public var end: UInt64
    /// The stack ends here, complete: `runtime.goexit`, `runtime.mstart`, `runtime.rt0_go` and the like.
    public var isTopFrame: Bool
    /// It sets the stack pointer to something that no table tells: `runtime.systemstack`, `runtime.mcall`. A walk by
    /// `stackDelta` may pass through it only with knowledge of its own. Not known before Go 1.17, there by name.
    public var switchesStack: Bool
    /// File offset of its record.
    var record: UInt64
}

/// A Go program's own table of functions: names and frame sizes at every instruction, also in stripped programs.
///
/// Look-ups allocate nothing but names. Everything is bounded: a table that lies gives wrong or no answers in bounded
/// time, never a trap. Owned by the thread that owns the image.
public struct PclnTab {
    /// Longest name that is read, in bytes; longer ones are cut.
    public static let maximumName = 1024
    /// Steps in one table of stack pointer deltas after which it is given up as a lie.
    private static let maximumSteps = 1 << 14

    private let image: ElfImage
    private let layout: PclnTabLayout

    /// Finds the table of an image; `nil` if it is no Go program or its format is not known.
    public init?(image: ElfImage) {
        guard let layout = PclnTabLayout(image: image) else { return nil }
        self.image = image
        self.layout = layout
    }

    /// Number of functions.
    public var count: Int { Int(layout.count) }

    /// The function that an address lies in. For a return address ask for the byte before it: a call can be the last
    /// instruction of its function.
    public func function(at pc: UInt64) -> GoFunction? {
        guard pc >= layout.textStart, let first = entry(0), let last = entry(layout.count), pc >= first, pc < last
        else { return nil }
        var low: UInt64 = 0
        var high = layout.count
        while high - low > 1 {
            let middle = (low + high) / 2
            guard let address = entry(middle) else { return nil }
            if address <= pc { low = middle } else { high = middle }
        }
        return function(index: low)
    }

    /// A function by its place in the order of addresses, from 0.
    public func function(at index: Int) -> GoFunction? {
        guard index >= 0, UInt64(index) < layout.count else { return nil }
        return function(index: UInt64(index))
    }

    /// The name, as Go writes it: `main.work_a`, `main.(*T).Method`, `main.f[...]`.
    public func name(of function: GoFunction) -> String? {
        guard let start = nameStart(function.record) else { return nil }
        return image.string(atFileOffset: start, limit: PclnTab.maximumName)
    }

    /// The size of the frame at an address of the function, in bytes: the canonical frame address is
    /// stack pointer + delta + 8 and the return address lies in the eight bytes below that.
    /// `nil` where there is no table, or what it says cannot be.
    public func stackDelta(at pc: UInt64, in function: GoFunction) -> Int? {
        guard pc >= function.entry, pc < function.end,
            let offset = image.readUInt32(atFileOffset: function.record &+ layout.stackTableField), offset != 0
        else { return nil }
        var steps = PcTable(image: image, position: layout.pcTables &+ UInt64(offset), end: layout.end)
        let distance = pc - function.entry
        for _ in 0..<PclnTab.maximumSteps {
            guard steps.advance() else { return nil }
            if distance < steps.distance { return steps.value >= 0 ? Int(steps.value) : nil }
        }
        return nil
    }

    private func function(index: UInt64) -> GoFunction? {
        guard let entry = self.entry(index), let end = self.entry(index + 1), end > entry,
            let offset = number(index * 2 + 1)
        else { return nil }
        let (record, overflow) = layout.records.addingReportingOverflow(offset)
        guard !overflow, record < layout.end, layout.end - record >= 44 else { return nil }
        var function = GoFunction(entry: entry, end: end, isTopFrame: false, switchesStack: false, record: record)
        classify(&function)
        return function
    }

    /// Flags of `_func` (`src/internal/abi/symtab.go`): 1 top frame, 2 writes the stack pointer. Without flags: names.
    private func classify(_ function: inout GoFunction) {
        let flags = layout.flagField.flatMap { image.readByte(atFileOffset: function.record &+ $0) } ?? 0
        function.isTopFrame = flags & 1 != 0
        function.switchesStack = flags & 2 != 0
        guard layout.version < .go118, flags == 0, let start = nameStart(function.record) else { return }
        function.isTopFrame = SpecialName.topFrames.contains { $0.equals(image, start) }
        function.switchesStack = SpecialName.switches.contains { $0.equals(image, start) }
    }

    private func nameStart(_ record: UInt64) -> UInt64? {
        guard let offset = image.readUInt32(atFileOffset: record &+ layout.nameField) else { return nil }
        let start = layout.names &+ UInt64(offset)
        return start < layout.end ? start : nil
    }

    /// The first address of a function; at `count`, the first one after the last function.
    private func entry(_ index: UInt64) -> UInt64? { number(index * 2).map { layout.textStart &+ $0 } }

    private func number(_ index: UInt64) -> UInt64? {
        let position = layout.functions &+ index &* layout.fieldSize
        if layout.fieldSize == 8 { return image.readWord(atFileOffset: position) }
        return image.readUInt32(atFileOffset: position).map(UInt64.init)
    }
}

/// A table of values by pc, walked from the function's entry: pairs of variable-length numbers, the change of the
/// value (zigzag; 0 ends the table, except in the first pair) and the length that the value holds for (`step` and
/// `readvarint` in Go's `src/runtime/symtab.go`).
private struct PcTable {
    let image: ElfImage
    var position: UInt64
    let end: UInt64
    /// The value that holds up to `distance` bytes after the entry.
    var value: Int32 = -1
    var distance: UInt64 = 0
    private var isFirst = true

    init(image: ElfImage, position: UInt64, end: UInt64) {
        self.image = image
        self.position = position
        self.end = end
    }

    /// Takes the next pair; `false` at the end.
    mutating func advance() -> Bool {
        guard let change = number(), change != 0 || isFirst, let length = number() else { return false }
        isFirst = false
        value = value &+ Int32(bitPattern: (0 &- (change & 1)) ^ (change >> 1))
        distance = distance &+ UInt64(length)
        return true
    }

    private mutating func number() -> UInt32? {
        var result: UInt32 = 0
        for shift in stride(from: UInt32(0), to: 35, by: 7) {
            guard position < end, let byte = image.readByte(atFileOffset: position) else { return nil }
            position &+= 1
            result |= UInt32(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return result }
        }
        return nil
    }
}

/// A name that is compared in the file, without making a string of what is there.
private struct SpecialName {
    private let bytes: [UInt8]

    init(_ name: String) { bytes = Array(name.utf8) + [0] }

    func equals(_ image: ElfImage, _ start: UInt64) -> Bool {
        for index in bytes.indices where image.readByte(atFileOffset: start &+ UInt64(index)) != bytes[index] {
            return false
        }
        return true
    }

    static let topFrames = ["goexit", "mstart", "rt0_go"].map { SpecialName("runtime.\($0)") }
    static let switches = [
        "asmcgocall", "cgocallback", "cgocallback_gofunc", "gogo", "mcall", "morestack", "systemstack",
    ].map { SpecialName("runtime.\($0)") }
}
