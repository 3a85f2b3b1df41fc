import Model

/// The fast engine: walks stacks by rules, and says so when it cannot.
///
/// A walk is tried with three registers first (``HotWalk``); where a rule needs more, again with all of them
/// (``RegisterWalk``). Owned by one thread.
@safe final class RuleEngine {
    /// What a walk came to.
    enum Result {
        case walked(UnwindOutcome)
        /// Another engine has to do it.
        case refused(FallbackReason)
    }

    let source: RuleSource
    private let counters: UnwindCounters
    private let frames: UnsafeMutablePointer<UnwoundFrame>
    /// Frames of one walk; the memory is only touched as far as a stack reaches.
    private let capacity = LibunwindEngine.capacity

    init(counters: UnwindCounters) {
        source = RuleSource(counters: counters)
        self.counters = counters
        unsafe frames = .allocate(capacity: capacity)
    }

    deinit { unsafe frames.deallocate() }

    /// Bytes of caches.
    var byteCount: Int { 2 * RuleCache.byteCount + CallSites.byteCount + RowCache.byteCount }

    /// Appends the frames of one stack, unless it has to refuse.
    func unwind(_ sample: StackSample, in space: some CodeSpace, into result: inout [UnwoundFrame]) -> Result {
        source.begin()
        let tag = RuleCache.tag(space.generation)
        // SAFETY: the cache and the frames live as long as this engine, longer than the walk.
        let walk = unsafe HotWalk(sample, rules: source.cache.table, tag: tag, frames: frames, capacity: capacity)
        guard var walk else { return .refused(.noStack) }
        var outcome = follow(&walk, sample, in: space)
        counters.frames.add(UInt64(walk.count))
        var count = walk.count
        if case .refused(.registers) = outcome {
            counters.wide.add()
            (outcome, count) = followAll(sample, in: space)
        }
        guard case .walked = outcome else { return outcome }
        // SAFETY: the walk has written as many frames.
        unsafe result.append(contentsOf: UnsafeBufferPointer(start: frames, count: count))
        return outcome
    }

    // MARK: Three registers

    private func follow(_ walk: inout HotWalk, _ sample: StackSample, in space: some CodeSpace) -> Result {
        var bridges = 0
        var isProven = false
        while true {
            let rule = source.rule(at: walk.lookupAddress, isLeaf: walk.count == 0, in: space)
            if isProven { source.noteCall(before: walk.pc, in: space) }
            isProven = false
            if rule.kind == .foreign { return .walked(walk.handedBack) }
            switch walk.run(rule) {
            case .miss: continue
            case .root: return .walked(.ended(.complete))
            case .outside(let address): return Self.end(outside: address, of: sample)
            case .backwards: return .refused(.backwards)
            case .full: return .walked(.ended(.broken(.loop)))
            case .special(.none):
                bridges += 1
                if let end = bridge(&walk, isLeaf: walk.count == 1, bridges, sample, in: space) { return end }
            case .special(.chained):
                bridges += 1
                if let end = goOn(&walk, isLeaf: walk.count == 1, bridges, sample, in: space) { return end }
                isProven = true
            case .special(.foreign):
                walk.removeLast()
                return .walked(walk.handedBack)
            case .special(.wide): return .refused(.registers)
            case .special(.exhausted): return .walked(.ended(.broken(.unwinder)))
            case .special: return .refused(.malformed)
            }
        }
    }

    /// Goes on behind a frame without a rule: where a signal interrupted if it is a return from a handler, else at the
    /// caller that a call on the stack proves; `nil` if it did.
    private func bridge(
        _ walk: inout some FrameWalk, isLeaf: Bool, _ bridges: Int, _ sample: StackSample, in space: some CodeSpace
    ) -> Result? {
        if space.isSignalReturn(walk.lookupAddress) || space.isSignalReturn(walk.pc) {
            return walk.leaveSignal(sample) ? nil : Self.end(outside: walk.sp &+ SignalFrame.size, of: sample)
        }
        if space.isRoot(walk.lookupAddress) || !walk.isExact && space.isGoroutineEnd(walk.lookupAddress) {
            return .walked(.ended(.complete))
        }
        return goOn(&walk, isLeaf: isLeaf, bridges, sample, in: space)
    }

    /// Goes on at the caller that a call on the stack proves.
    private func goOn(
        _ walk: inout some FrameWalk, isLeaf: Bool, _ bridges: Int, _ sample: StackSample, in space: some CodeSpace
    ) -> Result? {
        guard bridges <= LibunwindEngine.maximumBridges else { return .refused(.unproven) }
        let scan = ReturnAddressScan(sample: sample, space: space, sites: source.sites)
        if let caller = scan.caller(
            of: walk.lookupAddress, sp: walk.sp, framePointer: walk.framePointer, isLeaf: walk.isExact)
        {
            walk.goOn(at: caller)
            return nil
        }
        if let image = space.image(at: walk.lookupAddress), image.bytes == nil {
            return .walked(.ended(.broken(image.isMade ? .noUnwindInfo : .noImage)))
        }
        if !walk.isExact, let entry = scan.processEntry(sp: walk.sp) {
            walk.goOn(at: entry)
            return nil
        }
        return isLeaf || leadsUp(walk, sample, in: space) ? .refused(.unproven) : .walked(.ended(.complete))
    }

    /// Whether following rbp may get further, which is a guess: it points into the copy, not far above the frame. Beyond
    /// a frame where it does not, nothing is known; such frames are roots (`_start` of the dynamic linker, the start of
    /// programs and threads in musl).
    private func leadsUp(_ walk: some FrameWalk, _ sample: StackSample, in space: some CodeSpace) -> Bool {
        if space.image(at: walk.lookupAddress) == nil { return true }
        let distance = walk.framePointer &- walk.sp
        return distance <= Self.maximumFrame && sample.word(at: walk.framePointer) != nil
    }

    /// Frames larger than this are not believed to be led out of by rbp alone; libunwind's limit.
    private static let maximumFrame: UInt64 = 0x4000

    /// Stacks are at most a few MiB: what lies within 64 MiB above the copy is taken for the stack's own continuation.
    static let maximumStack: UInt64 = 64 << 20

    /// What it means that a word is not in the copy.
    static func end(outside address: UInt64, of sample: StackSample) -> Result {
        let end = sample.stackEnd
        guard address &+ 8 > end, address &- sample.stackStart < maximumStack else { return .refused(.outside) }
        return .walked(.ended(sample.isCut ? .truncated : .broken(.badStackPointer)))
    }

    // MARK: All registers

    /// The row of an address of a process with the image that it came from; `nil` where none is to be had.
    private func mappedRow(
        at address: UInt64, in space: some CodeSpace
    ) throws(CfiError) -> (row: UnwindRow, image: any ImageBytes)? {
        guard let mapped = space.image(at: address), let image = mapped.bytes else { return nil }
        do {
            return try source.keptRow(at: address &- mapped.bias, in: image).map { ($0, image) }
        } catch {
            if case .unreadable = error { return nil }
            throw error
        }
    }

    private func followAll(_ sample: StackSample, in space: some CodeSpace) -> (Result, count: Int) {
        var walk = RegisterWalk(sample)
        var bridges = 0
        for count in 0..<capacity {
            if count > 0, space.isForeign(walk.lookupAddress) { return (.walked(walk.handedBack), count) }
            let row = Swift.Result { () throws(CfiError) in try mappedRow(at: walk.lookupAddress, in: space) }
            if case .success(let found?) = row, found.row.isSignalFrame { walk.isExact = true }
            // SAFETY: count < capacity.
            unsafe frames[count] = UnwoundFrame(pc: walk.pc, sp: walk.sp, isExact: walk.isExact)
            switch row {
            case .failure(.exhausted): return (.walked(.ended(.broken(.unwinder))), count + 1)
            case .failure: return (.refused(.malformed), 0)
            case .success(nil):
                bridges += 1
                if let end = bridge(&walk, isLeaf: count == 0, bridges, sample, in: space) { return (end, count + 1) }
            case .success(let found?):
                if let end = walk.leave(by: found.row, in: found.image, sample) { return (end, count + 1) }
            }
        }
        return (.walked(.ended(.broken(.loop))), capacity)
    }

    /// Steps of one walk that do not lead upwards: signal handlers on other stacks, `vfork`. More are a loop.
    static let maximumSetbacks = 64
}

/// What walks have in common.
protocol FrameWalk {
    var pc: UInt64 { get }
    var sp: UInt64 { get }
    /// rbp, 0 where it is not known.
    var framePointer: UInt64 { get }
    var isExact: Bool { get }
    /// Goes on at the caller of a frame without a rule.
    mutating func goOn(at caller: ProvenCaller)
    /// Goes on where a signal interrupted, behind a frame without a rule that returns from its handler. False if the
    /// kernel's frame is not in the copy.
    mutating func leaveSignal(_ sample: StackSample) -> Bool
}

extension FrameWalk {
    /// An address inside of the current instruction, or of the call that was made.
    var lookupAddress: UInt64 { isExact ? pc : pc &- 1 }

    /// The outcome in front of a foreign frame.
    var handedBack: UnwindOutcome { .handedBack(pc: pc, sp: sp, framePointer: framePointer) }
}
