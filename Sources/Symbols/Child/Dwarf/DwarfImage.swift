import CLibdw
import Glibc

/// An open ELF file with DWARF that is not compressed, mapped for reading and lent to libdw: it opens nothing and copies
/// nothing. The mapping and all that libdw made of it go with this owner.
///
/// A file that is cut under the mapping ends the process; that is why it is mapped in the child only.
@safe struct DwarfImage: ~Copyable {
    /// Bytes that a name may have; longer ones are cut.
    static let maximumName = 2 << 10
    /// Bytes that a path may have.
    static let maximumPath = 1 << 10

    private let address: UnsafeMutableRawPointer
    private let size: Int
    private let lineSection: Range<Int>
    private let handle: UnsafeMutablePointer<hearth_dwarf>
    private let text: UnsafeMutablePointer<CChar>

    /// Maps `size` bytes of a file; `nil` if that fails or libdw finds no DWARF in them.
    /// - Parameters:
    ///   - offset: where the image starts in the file, a multiple of the page size.
    ///   - lines: `.debug_line` in the image.
    init?(descriptor: Int32, offset: UInt64, size: UInt64, lines: Range<UInt64>?) {
        guard let size = Int(exactly: size), size > 0, let offset = off_t(exactly: offset),
            let mapped = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, descriptor, offset),
            unsafe mapped != MAP_FAILED
        else { return nil }
        // SAFETY: the mapping stays until deinit, after the handle is closed.
        guard let opened = unsafe hearth_dwarf_open(mapped, size) else {
            unsafe munmap(mapped, size)
            return nil
        }
        unsafe address = mapped
        self.size = size
        let stated = lines.map { Int(clamping: $0.lowerBound)..<Int(clamping: $0.upperBound) }
        lineSection = (0..<size).clamped(to: stated ?? 0..<0)
        unsafe handle = opened
        unsafe text = .allocate(capacity: Self.maximumName)
    }

    deinit {
        unsafe text.deallocate()
        unsafe hearth_dwarf_close(handle)
        unsafe munmap(address, size)
    }

    /// Gives up the pages that were read, and those around them that the kernel mapped as well; they come back when they
    /// are read again.
    func dropPages() {
        // SAFETY: nothing writes to the mapping; its pages are read from the file again.
        _ = unsafe madvise(address, size, MADV_DONTNEED)
    }

    /// Bytes of the line program of a unit, as its first word states it; 0 if it has none.
    func lineProgramSize(of unit: DwarfUnit) -> UInt64 {
        guard let program = lineProgram(of: unit), let offset = Int(exactly: program),
            offset >= 0, offset <= lineSection.count - 4
        else { return 0 }
        // SAFETY: the four bytes lie inside of the section, which lies inside of the mapping.
        let length = unsafe address.loadUnaligned(fromByteOffset: lineSection.lowerBound + offset, as: UInt32.self)
        return min(UInt64(length), UInt64(lineSection.count - offset))
    }

    /// Frees what libdw made of the units that were asked for.
    func forgetDecoded() { unsafe hearth_dwarf_restart(handle) }

    /// The unit at an offset of `.debug_info`: where the next one starts and its first entry is; `nil` at the end.
    func unit(at offset: UInt64) -> DwarfUnit? {
        var unit = hearth_dwarf_unit()
        guard unsafe hearth_dwarf_unit(handle, offset, &unit) == 0 else { return nil }
        let isSplit = unsafe hearth_dwarf_is_split(handle, unit.entry)
        return DwarfUnit(entry: unit.entry, end: unit.next, isSplit: isSplit)
    }

    /// What an entry means to the search for code.
    func role(of entry: UInt64) -> DwarfRole {
        switch unsafe hearth_dwarf_role(handle, entry) {
        case HEARTH_DWARF_FUNCTION: .function
        case HEARTH_DWARF_INLINED: .inlinedCall
        case HEARTH_DWARF_BLOCK: .block
        case HEARTH_DWARF_LEAF: .leaf
        default: .other
        }
    }

    /// The entry that follows in the file, and its depth relative to this one; `nil` at the end or where it is damaged.
    func next(after entry: UInt64, end: UInt64, nested: Bool) -> (entry: UInt64, depth: Int)? {
        var step = hearth_dwarf_step()
        guard unsafe hearth_dwarf_next(handle, entry, end, nested, &step) == 0 else { return nil }
        return (step.next, Int(step.depth))
    }

    /// Calls `body` with each range of an entry's code until it returns false or `limit` of them were seen.
    func forEachRange(of entry: UInt64, limit: Int, _ body: (Range<UInt64>) -> Bool) {
        var state: Int64 = 0
        var base: UInt64 = 0
        for _ in 0..<limit {
            var (low, high): (UInt64, UInt64) = (0, 0)
            guard unsafe hearth_dwarf_range(handle, entry, &state, &base, &low, &high) == 0 else { return }
            if low < high, !body(low..<high) { return }
        }
    }

    /// The mangled name of a function, else its plain one.
    func name(of entry: UInt64) -> [UInt8]? {
        var size = 0
        // SAFETY: at most maximumName bytes are written, which is the size of the buffer.
        guard unsafe hearth_dwarf_name(handle, entry, text, Self.maximumName, &size) == 0 else { return nil }
        return copied(size)
    }

    /// DW_AT_call_file and DW_AT_call_line of an inlined call; 0 where they are missing.
    func callSite(of entry: UInt64) -> (file: UInt64, line: Int32) {
        var (file, line): (UInt64, UInt64) = (0, 0)
        if unsafe hearth_dwarf_number(handle, entry, UInt32(DW_AT_call_file), &file) != 0 { file = 0 }
        if unsafe hearth_dwarf_number(handle, entry, UInt32(DW_AT_call_line), &line) != 0 { line = 0 }
        return (file, Int32(clamping: line))
    }

    /// DW_AT_stmt_list of a unit: where its line program starts in `.debug_line`.
    private func lineProgram(of unit: DwarfUnit) -> UInt64? {
        var offset: UInt64 = 0
        return unsafe hearth_dwarf_number(handle, unit.entry, UInt32(DW_AT_stmt_list), &offset) == 0 ? offset : nil
    }

    /// The path of a file by its number in a unit's line program. Decodes the program at the first call.
    func file(_ index: UInt64, of unit: DwarfUnit) -> [UInt8] {
        var size = 0
        // SAFETY: at most maximumPath bytes are written, less than the buffer has.
        guard unsafe hearth_dwarf_file(handle, unit.entry, index, text, Self.maximumPath, &size) == 0 else { return [] }
        return absolute(copied(size), unit)
    }

    /// The row of a unit's line program that covers an address. Decodes the program at the first call.
    func line(at address: UInt64, of unit: DwarfUnit) -> (file: [UInt8], line: Int32) {
        var size = 0
        var number: Int32 = 0
        // SAFETY: as above.
        guard unsafe hearth_dwarf_line(handle, unit.entry, address, &number, text, Self.maximumPath, &size) == 0 else {
            return ([], 0)
        }
        return (absolute(copied(size), unit), max(0, number))
    }

    /// A path below the unit's folder, if it is relative and the unit states its folder.
    private func absolute(_ path: [UInt8], _ unit: DwarfUnit) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        guard let first = path.first, first != slash else { return path }
        var size = 0
        // SAFETY: as above.
        guard unsafe hearth_dwarf_folder(handle, unit.entry, text, Self.maximumPath, &size) == 0, size > 0 else {
            return path
        }
        return copied(size) + [slash] + path
    }

    private func copied(_ size: Int) -> [UInt8] {
        unsafe UnsafeBufferPointer(start: text, count: size).map { UInt8(bitPattern: $0) }
    }
}

/// A unit of `.debug_info`: the offsets of its first entry and of its end.
struct DwarfUnit: Hashable {
    var entry: UInt64
    var end: UInt64
    /// Whether its code is described in a file of its own.
    var isSplit: Bool
}

/// What an entry means to the search for code.
enum DwarfRole {
    case function, inlinedCall
    /// A scope inside a function.
    case block
    /// Holds no code, nor does anything in it.
    case leaf
    /// No code of its own; what is nested may have some.
    case other
}
