import CLibunwind
import Model

/// libunwind over the dump: slow (0.4–1 µs a frame, two system calls each) and right where rules are odd.
///
/// Its cache of rules is keyed by address alone, so each process image gets an address space of its own; a handful of
/// them is kept, the least recently used is given to the next process.
@safe
public final class LibunwindEngine: NativeUnwinder {
    /// Frames of one walk: a dump holds fewer than 8192 return addresses, but stacks can be joined with what lies above.
    /// The memory is only touched as far as a stack reaches.
    public static let capacity = 1 << 17

    private struct Slot {
        var generation: UInt64 = 0
        var lastUse: UInt64 = 0
        let space = LibunwindSpace()
    }

    private var slots: [Slot]
    private var uses: UInt64 = 0
    private let frames: UnsafeMutablePointer<hearth_unwind_frame>
    private let sites = CallSites()

    /// - Parameter spaces: address spaces to keep, about 60 KiB each.
    public init(spaces: Int = 8) {
        unsafe frames = .allocate(capacity: Self.capacity)
        slots = (0..<max(1, spaces)).map { _ in Slot() }
    }

    deinit { unsafe frames.deallocate() }

    /// Frames without a rule in one stack that are bridged.
    static let maximumBridges = 2048

    /// Appends the frames of one stack and says how its walk ended.
    public func unwind(
        _ sample: StackSample, in space: some CodeSpace, into frames: inout [UnwoundFrame]
    ) -> UnwindOutcome {
        let start = frames.count
        let reader = ImageReader(space: space)
        let scan = ReturnAddressScan(sample: sample, space: space, sites: sites)
        var request = unsafe hearth_unwind_request()
        unsafe fill(&request, from: sample)
        for bridge in 0...Self.maximumBridges {
            unsafe request.may_guess = bridge == Self.maximumBridges ? 1 : unsafe request.may_guess
            unsafe run(&request, reader: reader, space: self.space(for: space))
            unsafe append(Int(request.count), to: &frames, in: space)
            // Each leg between two frames without a rule has its own count.
            if frames.count - start > Self.capacity {
                frames.removeSubrange((start + Self.capacity)...)
                return .ended(.broken(.loop))
            }
            guard unsafe request.end == HEARTH_UNWIND_NO_RULE.rawValue, let last = frames.last else { break }
            if space.isRoot(last.lookupAddress) { return .ended(.complete) }
            unsafe passOver(last, isLeaf: frames.count == 1, scan, &request, &frames)
        }
        if unsafe request.end == HEARTH_UNWIND_FOREIGN.rawValue {
            return unsafe .handedBack(
                pc: request.foreign_pc, sp: request.foreign_sp, framePointer: request.foreign_frame_pointer)
        }
        return unsafe .ended(end(request, isLeaf: frames.count == 1, sample: sample, reader: reader))
    }

    private func run(_ request: inout hearth_unwind_request, reader: ImageReader, space: LibunwindSpace) {
        // SAFETY: the reader outlives the call, which keeps neither it nor the dump.
        withExtendedLifetime(reader) {
            unsafe request.context = Unmanaged.passUnretained(reader).toOpaque()
            unsafe request.read_image = { context, address, value in
                unsafe ImageReader.from(context).read(address, into: value)
            }
            unsafe request.is_foreign = { context, address in
                unsafe ImageReader.from(context).isForeign(address) ? 1 : 0
            }
            unsafe request.find_table = { context, address, table in
                unsafe ImageReader.from(context).table(covering: address, into: table)
            }
            unsafe hearth_unwind(space.pointer, &request)
        }
    }

    /// Prepares to go on behind a frame without a rule: at the caller that a call on the stack proves, else from the
    /// frame itself by its frame pointer.
    private func passOver(
        _ frame: UnwoundFrame, isLeaf: Bool, _ scan: ReturnAddressScan<some CodeSpace>,
        _ request: inout hearth_unwind_request,
        _ frames: inout [UnwoundFrame]
    ) {
        let framePointer = unsafe request.registers.6
        if let caller = scan.caller(
            of: frame.lookupAddress, sp: frame.sp, framePointer: framePointer, isLeaf: isLeaf)
        {
            // The engine takes its first pc for exact: it gets an address inside of the call instead of behind it.
            unsafe request.registers.16 = caller.pc &- 1
            unsafe request.registers.7 = caller.sp
            unsafe request.registers.6 = caller.framePointer ?? framePointer
        } else {
            unsafe request.registers.16 = frame.lookupAddress
            unsafe request.may_guess = 1
            frames.removeLast()
        }
    }

    private func fill(_ request: inout hearth_unwind_request, from sample: StackSample) {
        unsafe withUnsafeMutableBytes(of: &request.registers) { bytes in
            for index in 0..<17 {
                unsafe bytes.storeBytes(of: sample.registers.values[index], toByteOffset: index * 8, as: UInt64.self)
            }
        }
        unsafe request.stack_start = sample.stackStart
        unsafe request.stack_size = UInt64(sample.stack.count)
        unsafe request.stack = sample.stack.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe request.frames = frames
        unsafe request.capacity = UInt32(Self.capacity)
    }

    private func space(for code: some CodeSpace) -> LibunwindSpace {
        uses += 1
        let index =
            slots.firstIndex { $0.generation == code.generation }
            ?? slots.indices.min { slots[$0].lastUse < slots[$1].lastUse } ?? 0
        if slots[index].generation != code.generation {
            slots[index].space.flush()
            slots[index].generation = code.generation
        }
        slots[index].lastUse = uses
        return slots[index].space
    }

    private func append(_ count: Int, to result: inout [UnwoundFrame], in space: some CodeSpace) {
        var previousWasSignal = true
        for index in 0..<count {
            let frame = unsafe frames[index]
            let (pc, sp) = (frame.pc, frame.sp)
            if index > 0 && pc == 0 { break }
            let isSignal = space.isSignalReturn(pc)
            result.append(UnwoundFrame(pc: pc, sp: sp, isExact: previousWasSignal || isSignal))
            previousWasSignal = isSignal
        }
    }

    private func end(
        _ request: hearth_unwind_request, isLeaf: Bool, sample: StackSample, reader: ImageReader
    ) -> StackEnd {
        switch unsafe hearth_unwind_end(rawValue: request.end) {
        // Without a rule and with rbp = 0 libunwind takes a frame for the root; a leaf is none, its rbp is any number.
        case HEARTH_UNWIND_COMPLETE:
            unsafe request.guessed != 0 && isLeaf ? .broken(.noUnwindInfo) : .complete
        case HEARTH_UNWIND_BEYOND_DUMP: sample.isCut ? .truncated : .broken(.badStackPointer)
        case HEARTH_UNWIND_BELOW_DUMP: .broken(.badStackPointer)
        case HEARTH_UNWIND_UNREADABLE: .broken(reader.missed ?? .badStackPointer)
        case HEARTH_UNWIND_NO_INFO: .broken(reader.missed ?? .noUnwindInfo)
        case HEARTH_UNWIND_LOOP, HEARTH_UNWIND_FULL: .broken(.loop)
        default: .broken(.unwinder)
        }
    }
}

/// The owner of one of libunwind's address spaces.
@safe
private final class LibunwindSpace {
    let pointer: UnsafeMutableRawPointer

    init() {
        guard let created = unsafe hearth_unwind_space_create() else { preconditionFailure("out of memory") }
        unsafe pointer = created
    }

    deinit { unsafe hearth_unwind_space_destroy(pointer) }

    func flush() { unsafe hearth_unwind_space_flush(pointer) }
}

/// Answers libunwind's questions about images for one walk.
private final class ImageReader {
    private let lookup: (UInt64) -> MappedImage?
    /// Whether an address is foreign to native unwinding.
    let isForeign: (UInt64) -> Bool
    private var last: MappedImage?
    /// Why the last look-up failed.
    private(set) var missed: BrokenReason?

    private let readData: (UInt64) -> UInt64?

    init(space: some CodeSpace) {
        readData = { space.readData(at: $0) }
        lookup = { space.image(at: $0) }
        isForeign = { space.isForeign($0) }
    }

    static func from(_ context: UnsafeMutableRawPointer?) -> ImageReader {
        guard let context = unsafe context else { preconditionFailure("libunwind lost its argument") }
        // SAFETY: `unwind` passes a reader that it keeps alive.
        return unsafe Unmanaged<ImageReader>.fromOpaque(context).takeUnretainedValue()
    }

    private func image(at address: UInt64) -> MappedImage? {
        if let last, last.range.contains(address) { return last }
        guard let found = lookup(address) else { return nil }
        last = found
        return found
    }

    /// libunwind reads tables by addresses of the target: one that no process has stands for the table in our memory.
    private static let indexBase: UInt64 = 1 << 63
    private var index: EhFrameIndex?
    /// What libunwind may be shown.
    private var rules = SoundRules()

    func read(_ address: UInt64, into value: UnsafeMutablePointer<UInt64>?) -> Int32 {
        guard let word = word(at: address) else { return 0 }
        unsafe value?.pointee = word
        return 1
    }

    /// Tables lie in other mappings of the file than its code, so a word is looked for in the last image by bias first.
    /// Executable memory without a file reads as zero: libunwind only looks there for a signal return.
    private func word(at address: UInt64) -> UInt64? {
        if address >= Self.indexBase {
            let place = (address &- Self.indexBase) / 8
            guard let index, place < UInt64(index.words.count) else { return nil }
            return index.words[Int(place)]
        }
        if let last, let bytes = last.bytes, let word = bytes.readWord(atAddress: address &- last.bias) { return word }
        guard let found = image(at: address) else { return readData(address) }
        guard let bytes = found.bytes else { return 0 }
        return bytes.readWord(atAddress: address &- found.bias)
    }

    func table(covering address: UInt64, into table: UnsafeMutablePointer<hearth_unwind_table>?) -> Int32 {
        missed = nil
        guard let image = image(at: address) else {
            missed = .noMapping
            return 0
        }
        guard let bytes = image.bytes else {
            missed = .noImage
            return 0
        }
        guard let found = bytes.unwindTable,
            let entry = try? found.entry(covering: address &- image.bias, in: bytes),
            rules.hold(at: address &- image.bias, entry, of: found, in: bytes)
        else { return 0 }
        index = found.index
        let entries = found.index == nil ? found.entries &+ image.bias : Self.indexBase
        // The one entry that libunwind would find by a search of its own, word by word through this reader.
        unsafe table?.pointee = hearth_unwind_table(
            start: image.range.lowerBound, end: image.range.upperBound, header: found.base &+ image.bias,
            entries: entries &+ entry * 8, entry_count: 1)
        return 1
    }
}
