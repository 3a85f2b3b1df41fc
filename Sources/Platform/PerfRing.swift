import CPlatform
import Glibc

/// The reader's side of a perf ring buffer: one page of control, then a power of two of pages of data.
///
/// Protocol: linux/perf_event.h, `struct perf_event_mmap_page`. The kernel writes records up to `data_head`, the reader
/// gives room back by `data_tail`. One thread reads.
@safe
public struct PerfRing: ~Copyable {
    private let base: UnsafeMutableRawPointer
    private let length: Int
    private let page: UnsafeMutablePointer<perf_event_mmap_page>
    private let data: UnsafeMutableRawPointer
    private let mask: UInt64
    private var tail: UInt64
    private var head: UInt64
    private var released: UInt64
    /// Behind the last record that was previewed.
    private var previewed: UInt64
    /// Holds a record that wraps around the end of the data: records are shorter than 64 KiB (their size is a u16).
    private let scratch: UnsafeMutableRawPointer

    /// Bytes of data pages.
    public var dataBytes: Int { Int(mask) + 1 }

    init(descriptor: Int32, dataBytes: Int) throws(Errno) {
        precondition(dataBytes.nonzeroBitCount == 1, "the kernel maps powers of two")
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        length = pageSize + dataBytes
        let mapped = unsafe mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { throw Errno.last }
        // SAFETY: the mapping is ours until deinit; its first page is the control page, the data follow.
        unsafe base = mapped
        unsafe page = mapped.assumingMemoryBound(to: perf_event_mmap_page.self)
        unsafe data = mapped + pageSize
        mask = UInt64(dataBytes) - 1
        tail = 0
        head = 0
        released = 0
        previewed = 0
        unsafe scratch = .allocate(byteCount: 1 << 16, alignment: 8)
    }

    deinit {
        unsafe munmap(base, length)
        unsafe scratch.deallocate()
    }

    /// Looks how far the kernel has written. Records before that point are complete.
    public mutating func refresh() { head = unsafe hearth_ring_head(page) }

    /// Bytes written and not yet given back.
    public var pendingBytes: Int { Int(head &- tail) }

    /// The next record seen by the last refresh, in one piece, valid until `advance`; `nil` if there is none.
    public func peek() -> UnsafeRawBufferPointer? {
        guard head &- tail >= 8 else { return nil }
        let start = Int(tail & mask)
        // SAFETY: records start at multiples of 8 and never wrap inside their 8-byte header; `size` is the kernel's.
        let size = Int(unsafe (data + start).loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        guard size >= 8, UInt64(size) <= head &- tail else { return nil }
        let room = dataBytes - start
        if size <= room { return unsafe UnsafeRawBufferPointer(start: data + start, count: size) }
        unsafe scratch.copyMemory(from: data + start, byteCount: room)
        unsafe (scratch + room).copyMemory(from: data, byteCount: size - room)
        return unsafe UnsafeRawBufferPointer(start: scratch, count: size)
    }

    /// Time stamp and size of the next record without copying a wrapped one: reads one word at `offset` from its start,
    /// or from its end when `offset` is negative. `nil` if there is no record or the word lies outside of it.
    public func peekWord(at offset: Int) -> UInt64? {
        guard let (start, size) = nextExtent(), size >= abs(offset) + (offset < 0 ? 0 : 8) else { return nil }
        let position = Int((UInt64(start + (offset < 0 ? size + offset : offset))) & mask)
        // SAFETY: position is inside the data and a multiple of 8, so the word does not wrap.
        return unsafe (data + position).loadUnaligned(as: UInt64.self)
    }

    private func nextExtent() -> (start: Int, size: Int)? {
        guard head &- tail >= 8 else { return nil }
        let start = Int(tail & mask)
        let size = Int(unsafe (data + start).loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        return size >= 8 && UInt64(size) <= head &- tail ? (start, size) : nil
    }

    /// Leaves the current record behind.
    public mutating func advance() {
        guard let (_, size) = nextExtent() else { return }
        tail &+= UInt64(size)
    }

    /// Shows each record once, before it is taken, without taking it: those that the last refresh saw and no earlier
    /// preview did. O(records).
    public mutating func preview(_ body: (RecordPreview) -> Void) {
        if tail &- previewed < 1 << 63 { previewed = tail }
        while head &- previewed >= 8 {
            // SAFETY: records start at multiples of 8 and never wrap inside their 8-byte header.
            let header = unsafe (data + Int(previewed & mask)).loadUnaligned(as: UInt64.self)
            let size = header >> 48
            guard size >= 8, size <= head &- previewed else { return }
            unsafe body(
                RecordPreview(
                    data: data, mask: mask, start: previewed, size: Int(size), type: UInt32(truncatingIfNeeded: header))
            )
            previewed &+= size
        }
    }

    /// Bytes left behind and not yet given back.
    public var unreleasedBytes: Int { Int(tail &- released) }

    /// Gives the room of all records left behind back to the kernel.
    public mutating func release() {
        unsafe hearth_ring_set_tail(page, tail)
        released = tail
    }
}

/// A record that lies in a ring still, read word by word. Valid during the call that lent it.
@safe
public struct RecordPreview {
    private let data: UnsafeMutableRawPointer
    private let mask: UInt64
    private let start: UInt64
    /// Bytes of the record, its header included.
    public let size: Int
    /// PERF_RECORD_*.
    public let type: UInt32

    fileprivate init(data: UnsafeMutableRawPointer, mask: UInt64, start: UInt64, size: Int, type: UInt32) {
        unsafe self.data = data
        self.mask = mask
        self.start = start
        self.size = size
        self.type = type
    }

    /// The 8 bytes at an offset that is a multiple of 8; `nil` outside of the record.
    public func word(at offset: Int) -> UInt64? {
        guard offset >= 0, offset & 7 == 0, offset <= size - 8 else { return nil }
        // SAFETY: the offset is inside the record, and a word at a multiple of 8 does not wrap.
        return unsafe (data + Int((start &+ UInt64(offset)) & mask)).loadUnaligned(as: UInt64.self)
    }
}
