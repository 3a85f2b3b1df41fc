import Glibc
import Model
import Platform
import Unwinder

/// The part of a stack that lies above its dump, with room in front of it for the dump: together they are one stack.
///
///     front: 64 KiB, the dump at its end │ window: what was read above the dump │ root: the outermost part of the stack
@safe
final class TailBuffer {
    /// Dumps are shorter than 64 KiB: records have a size of 16 bits.
    static let front = 1 << 16
    /// Bytes at the end of the dump that must be in memory still, unchanged, after what lies above them was read.
    static let overlap = 16 << 10
    /// Smaller dumps are not completed: their overlap would be too short to prove anything.
    static let leastDump = 2 * overlap
    /// Bytes of the outermost part that are read where the window does not reach it.
    static let rootBytes = 64 << 10

    /// Bytes read above the dump where the window does not reach the root.
    static let innerBytes = 256 << 10

    private let base: UnsafeMutableRawPointer
    /// Most bytes that are read above the dump.
    let window: Int
    /// Address behind the dump.
    private(set) var dumpEnd: UInt64 = 0
    /// Bytes read above the dump.
    private(set) var tailBytes = 0
    private var rootStart: UInt64 = 0
    private var rootCount = 0
    /// Whether the stack may go on above what was read.
    private(set) var isCut = false
    /// Bytes copied by the last read, and the system calls that it took.
    private(set) var cost: (bytes: Int, calls: Int) = (0, 0)

    init(window: Int) {
        self.window = window
        unsafe base = .allocate(byteCount: Self.front + window + Self.rootBytes, alignment: 4096)
    }

    deinit { unsafe base.deallocate() }

    /// Bytes held.
    var bytes: Int { Self.front + window + Self.rootBytes }

    /// Why there is nothing above a dump that could be used.
    enum Refusal: String, CaseIterable {
        /// The task is gone.
        case gone
        /// Reading its memory is not permitted.
        case denied
        /// Nothing is mapped there, or it is not readable.
        case unreadable
        /// The end of the dump is not in memory as it was: what lies above may have changed as well.
        case changed
    }

    /// Reads what lies above a dump, and the end of the dump after that.
    ///
    /// - Parameter end: where the stack is known to end; 0: as far as there is room, or memory.
    func read(_ sample: CutSample, upTo end: UInt64) -> Refusal? {
        dumpEnd = sample.dumpEnd
        let isKnown = end > dumpEnd
        let hasRoot = isKnown && end - dumpEnd > UInt64(window)
        let wanted = hasRoot ? min(Self.innerBytes, window) : isKnown ? Int(end - dumpEnd) : window
        rootStart = hasRoot ? max(end &- UInt64(Self.rootBytes), dumpEnd &+ UInt64(wanted)) : 0
        rootCount = hasRoot ? Int(end - rootStart) : 0
        var pieces = [piece(at: dumpEnd, into: Self.front, wanted)]
        if hasRoot {
            pieces.append(piece(at: rootStart, into: Self.front + window, rootCount))
        }
        pieces.append(overlapPiece)
        do {
            let count = try TaskMemory.read(task: sample.task, pieces)
            cost = (count, 1)
            tailBytes = min(count, wanted)
            isCut = tailBytes == wanted && (!isKnown || hasRoot)
            if count == wanted + rootCount + Self.overlap { return nil }
            return try readOverlap(sample, root: count - tailBytes)
        } catch {
            return Self.refusal(error)
        }
    }

    /// The memory ended before the overlap's turn came.
    private func readOverlap(_ sample: CutSample, root: Int) throws(Errno) -> Refusal? {
        rootCount = min(max(0, root), rootCount)
        let count = try TaskMemory.read(task: sample.task, [overlapPiece])
        cost = (cost.bytes + count, cost.calls + 1)
        return count == Self.overlap ? nil : .changed
    }

    static func refusal(_ error: Errno) -> Refusal {
        switch error.code {
        case ESRCH: .gone
        case EPERM, EACCES: .denied
        default: .unreadable
        }
    }

    private func piece(at address: UInt64, into offset: Int, _ count: Int) -> TaskMemory.Piece {
        // SAFETY: front, window and root lie one behind the other in the allocation, and counts are bounded by their sizes.
        unsafe TaskMemory.Piece(
            at: address, into: UnsafeMutableRawBufferPointer(start: base + offset, count: count))
    }

    private var overlapPiece: TaskMemory.Piece {
        piece(at: dumpEnd &- UInt64(Self.overlap), into: Self.front - Self.overlap, Self.overlap)
    }

    /// The dump and what was read above it as one stack; `nil` if the end of the dump is not what is in memory now.
    /// Valid until the next read.
    func joined(with sample: StackSample) -> StackSample? {
        let count = unsafe sample.stack.count
        guard sample.stackEnd == dumpEnd, count >= Self.leastDump, count <= Self.front,
            let start = unsafe sample.stack.baseAddress
        else { return nil }
        let overlapStart = unsafe start + (count - Self.overlap)
        // SAFETY: both have as many bytes as the overlap; the dump fits into the front.
        guard unsafe memcmp(overlapStart, base + (Self.front - Self.overlap), Self.overlap) == 0 else { return nil }
        unsafe (base + (Self.front - count)).copyMemory(from: start, byteCount: count)
        let stack = unsafe UnsafeRawBufferPointer(start: base + (Self.front - count), count: count + tailBytes)
        return unsafe StackSample(registers: sample.registers, stack: stack, isCut: isCut)
    }

    /// A word above the dump: in the window or in the outermost part; `nil` where nothing was read.
    func word(at address: UInt64) -> UInt64? {
        if let word = word(address &- dumpEnd, of: tailBytes, from: Self.front) { return word }
        return word(address &- rootStart, of: rootCount, from: Self.front + window)
    }

    private func word(_ offset: UInt64, of count: Int, from start: Int) -> UInt64? {
        guard count >= 8, offset <= UInt64(count - 8) else { return nil }
        // SAFETY: offset + 8 is at most the number of bytes that were read there.
        return unsafe (base + start + Int(offset)).loadUnaligned(as: UInt64.self)
    }
}
