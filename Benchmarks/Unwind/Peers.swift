import Binary
import CPeers
import Glibc
import Platform
import Unwinder

/// An unwinder that is measured: writes pcs and returns how many.
protocol Contestant: AnyObject {
    func walk(_ corpus: Corpus, _ index: Int, into pcs: UnsafeMutableBufferPointer<UInt64>) -> Int
}

/// An engine of Hearth.
final class OwnEngine: Contestant {
    private let engine: any NativeUnwinder
    private let code: ProcessCode
    private var frames: [UnwoundFrame] = []

    init(_ engine: any NativeUnwinder, code: ProcessCode) {
        self.engine = engine
        self.code = code
        frames.reserveCapacity(8192)
    }

    func walk(_ corpus: Corpus, _ index: Int, into pcs: UnsafeMutableBufferPointer<UInt64>) -> Int {
        frames.removeAll(keepingCapacity: true)
        _ = engine.unwind(corpus.sample(index), in: code, into: &frames)
        let count = min(frames.count, pcs.count)
        // SAFETY: count is at most the room.
        for index in 0..<count { unsafe pcs[index] = frames[index].lookupAddress }
        return count
    }
}

/// libunwind and libdwfl, by C.
@safe
final class Peer: Contestant {
    private enum Kind { case libunwind, libdwfl }
    private let kind: Kind
    private let context: UnsafeMutableRawPointer
    private let files: MappedFiles?

    /// libunwind with files that are mapped into memory.
    init?(libunwind code: ProcessCode) {
        let files = MappedFiles(code)
        guard let created = unsafe peer_libunwind_create(files.modules, UInt64(files.count)) else { return nil }
        unsafe context = created
        kind = .libunwind
        self.files = files
    }

    /// libdwfl with what it reports itself.
    init?(libdwfl pid: Int32) {
        guard let created = unsafe peer_dwfl_create(pid) else { return nil }
        unsafe context = created
        kind = .libdwfl
        files = nil
    }

    deinit {
        switch kind {
        case .libunwind: unsafe peer_libunwind_destroy(context)
        case .libdwfl: unsafe peer_dwfl_destroy(context)
        }
    }

    func walk(_ corpus: Corpus, _ index: Int, into pcs: UnsafeMutableBufferPointer<UInt64>) -> Int {
        let stack = unsafe corpus.stack(index)
        let count = unsafe withUnsafeBytes(of: corpus.samples[index].registers) { registers in
            withExtendedLifetime(files) {
                // SAFETY: everything lent outlives the call, which writes at most `pcs.count` numbers.
                var sample = unsafe peer_sample(
                    registers: registers.baseAddress?.assumingMemoryBound(to: UInt64.self),
                    stack: stack.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    stack_start: corpus.samples[index].registers.stackPointer, stack_size: UInt64(stack.count))
                let room = UInt32(pcs.count)
                return kind == .libunwind
                    ? unsafe peer_libunwind(context, &sample, pcs.baseAddress, room)
                    : unsafe peer_dwfl(context, &sample, pcs.baseAddress, room)
            }
        }
        return Int(count)
    }
}

/// The files of a process in memory, as libunwind wants to read them. They stay mapped until the end of the program.
@safe
private final class MappedFiles {
    let modules: UnsafeMutablePointer<peer_module>
    let count: Int

    init(_ code: ProcessCode) {
        let usable = code.mappings.filter { $0.file != nil }
        unsafe modules = .allocate(capacity: max(1, usable.count))
        count = usable.count
        for (index, mapping) in usable.enumerated() {
            unsafe (modules + index).initialize(to: Self.module(mapping))
        }
    }

    deinit { unsafe modules.deallocate() }

    private static func module(_ mapping: ProcessCode.Mapping) -> peer_module {
        var module = unsafe peer_module()
        guard let file = mapping.file else { return unsafe module }
        unsafe module.start = mapping.range.lowerBound
        unsafe module.end = mapping.range.upperBound
        unsafe module.bias = mapping.bias
        if let (bytes, size) = unsafe contents(of: file) {
            unsafe module.bytes = bytes
            unsafe module.size = size
            unsafe setSegments(&module, file)
        }
        if let table = file.unwindTable, unsafe module.size > 0 {
            unsafe module.header = table.base
            unsafe module.entries = table.entries
            unsafe module.entry_count = table.entryCount
            if let index = table.index { unsafe module.index = copy(index.words) }
        }
        return unsafe module
    }

    private static func copy(_ words: [UInt64]) -> UnsafePointer<UInt64> {
        let copy = UnsafeMutablePointer<UInt64>.allocate(capacity: words.count)
        unsafe copy.initialize(from: words, count: words.count)
        return unsafe UnsafePointer(copy)
    }

    private static func contents(of file: MappedFile) -> (UnsafePointer<UInt8>, UInt64)? {
        let size = Int(file.image.fileSize)
        guard let number = file.image.descriptorNumber else {
            // The vDSO.
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 8)
            _ = unsafe file.image.read(fileOffset: 0, into: copy)
            return unsafe copy.baseAddress.map {
                unsafe (UnsafePointer($0.assumingMemoryBound(to: UInt8.self)), UInt64(size))
            }
        }
        guard let memory = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, number, 0), unsafe memory != MAP_FAILED
        else { return nil }
        return unsafe (UnsafePointer(memory.assumingMemoryBound(to: UInt8.self)), UInt64(size))
    }

    private static func setSegments(_ module: inout peer_module, _ file: MappedFile) {
        unsafe withUnsafeMutableBytes(of: &module.segments) { bytes in
            let places = unsafe bytes.assumingMemoryBound(to: peer_segment.self)
            let segments = file.image.segments.filter { $0.fileOffset &+ $0.fileSize <= file.image.fileSize }.prefix(16)
            for (index, segment) in segments.enumerated() {
                unsafe places[index] = peer_segment(
                    address: segment.address, offset: segment.fileOffset, size: segment.fileSize)
            }
        }
        unsafe module.segment_count = UInt32(min(16, file.image.segments.count))
    }
}
