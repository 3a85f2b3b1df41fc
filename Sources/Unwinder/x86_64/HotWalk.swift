/// The loop that everything else is there to keep short: from frame to frame as long as the rules are in the cache.
///
/// Knows no process and no file: a copied stack, a table of rules, room for frames. Whatever is out of the ordinary
/// ends it, and its owner decides.
@safe struct HotWalk: FrameWalk {
    enum Stop {
        /// The rule of the current frame is not in the cache.
        case miss
        /// The current frame is in the list and it is the root.
        case root
        /// The current frame is in the list; its rule is one that the loop does not follow.
        case special(UnwindRule.Kind)
        /// The current frame is in the list; a word that its rule needs is not in the copy.
        case outside(address: UInt64)
        /// The current frame is in the list; its caller would lie below it.
        case backwards
        /// There is no room for more frames, or they do not lead upwards.
        case full
    }

    /// Where execution is or will return to.
    var pc: UInt64
    var sp: UInt64
    var framePointer: UInt64
    /// Whether `pc` is the instruction that runs next.
    var isExact: Bool
    /// Frames found.
    private(set) var count = 0
    private var signals = 0

    private let stack: UnsafeRawPointer
    private let stackStart: UInt64
    /// Offset of the last word of the copy.
    private let lastOffset: UInt64
    private let rules: UnsafePointer<RuleCache.Entry>
    private let tag: UInt64
    private let frames: UnsafeMutablePointer<UnwoundFrame>
    private let capacity: Int

    /// - Parameters:
    ///   - tag: of the address space, ``RuleCache/tag(_:)``.
    ///   - frames: room for `capacity` frames.
    /// - Returns: `nil` for a copy without a word.
    init?(
        _ sample: StackSample, rules: UnsafePointer<RuleCache.Entry>, tag: UInt64,
        frames: UnsafeMutablePointer<UnwoundFrame>, capacity: Int
    ) {
        guard let base = unsafe sample.stack.baseAddress, unsafe sample.stack.count >= 8 else { return nil }
        unsafe stack = base
        stackStart = sample.stackStart
        lastOffset = unsafe UInt64(sample.stack.count - 8)
        unsafe self.rules = rules
        self.tag = tag
        unsafe self.frames = frames
        self.capacity = capacity
        pc = sample.registers.instructionPointer
        sp = sample.registers.stackPointer
        framePointer = sample.registers.framePointer
        isExact = true
    }

    /// Takes the current frame out of the list again.
    mutating func removeLast() { count = max(0, count - 1) }

    /// Goes on at the caller of a frame without a rule.
    mutating func goOn(at caller: ProvenCaller) {
        pc = caller.pc
        sp = caller.sp
        framePointer = caller.framePointer ?? framePointer
        isExact = false
    }

    mutating func leaveSignal(_ sample: StackSample) -> Bool { leaveSignal() == nil }

    /// The word of the copy at an address: one subtraction, one comparison.
    @inline(__always)
    private func word(_ address: UInt64) -> UInt64? {
        let offset = address &- stackStart
        guard offset <= lastOffset else { return nil }
        // SAFETY: offset + 8 is at most the size of the copy.
        return unsafe stack.loadUnaligned(fromByteOffset: Int(truncatingIfNeeded: offset), as: UInt64.self)
    }

    /// Puts the current frame into the list and goes to its caller by a rule, and on from there by those in the cache.
    @inline(never)
    mutating func run(_ first: UnwindRule) -> Stop {
        var rule = first
        while true {
            guard count < capacity else { return .full }
            // SAFETY: count < capacity.
            unsafe frames[count] = UnwoundFrame(pc: pc, sp: sp, isExact: isExact)
            count &+= 1
            if let stop = step(rule) { return stop }
            let key = (isExact ? pc : pc &- 1) ^ tag
            // SAFETY: a slot lies inside of the table.
            let entry = unsafe rules[RuleCache.slot(key)]
            guard entry.key == key else { return .miss }
            rule = entry.rule
        }
    }

    @inline(__always)
    private mutating func step(_ rule: UnwindRule) -> Stop? {
        let base = rule.countsFromFramePointer ? framePointer : sp
        switch rule.kind {
        case .register: return leave(base &+ rule.offset, rule)
        case .dereference:
            let place = base &+ rule.shortOffset
            guard let cfa = word(place) else { return .outside(address: place) }
            return leave(cfa &+ rule.addend, rule)
        case .plt: return leave(sp &+ (pc & 15 >= rule.threshold ? 16 : 8), rule)
        case .signal: return leaveSignal()
        case .end: return .root
        case .chained: return leaveChained(rule)
        case let kind: return .special(kind)
        }
    }

    /// Goes to the caller whose stack pointer in front of the call was `cfa`.
    @inline(__always)
    private mutating func leave(_ cfa: UInt64, _ rule: UnwindRule) -> Stop? {
        guard cfa > sp else { return .backwards }
        guard let caller = word(cfa &- 8) else { return .outside(address: cfa &- 8) }
        switch rule.framePointer {
        case .same: break
        case .atCfa:
            // rbp is not known then, which does no harm where nobody needs it: a matter for the walk with all registers.
            guard let saved = word(cfa &+ rule.framePointerOffset) else { return .special(.wide) }
            framePointer = saved
        case .atFramePointer:
            guard let saved = word(framePointer &+ rule.framePointerOffset) else { return .special(.wide) }
            framePointer = saved
        }
        if caller == 0 { return .root }
        pc = caller
        sp = cfa
        isExact = false
        return nil
    }

    /// Goes on where rbp leads, as ``ReturnAddressScan`` would: upwards, to an address behind a call, unless the word on
    /// top of the stack could be the return address of a direct call of this code, which proves more.
    @inline(__always)
    private mutating func leaveChained(_ rule: UnwindRule) -> Stop? {
        let pointer = framePointer
        guard pointer >= sp, pointer & 7 == 0, let saved = word(pointer), saved == 0 || saved > pointer,
            let caller = word(pointer &+ 8)
        else { return .special(.chained) }
        if rule.isReadable, let top = word(sp), CallSite.isInReach(top, of: pc) { return .special(.chained) }
        let key = (caller &- 1) ^ tag
        // SAFETY: a slot lies inside of the table.
        let entry = unsafe rules[RuleCache.slot(key)]
        guard entry.key == key, entry.rule.isBehindCall else { return .special(.chained) }
        pc = caller
        sp = pointer &+ 16
        framePointer = saved
        isExact = false
        return nil
    }

    /// Goes to the code that a signal interrupted, whose registers the kernel saved.
    @inline(never)
    private mutating func leaveSignal() -> Stop? {
        // SAFETY: the current frame was put into the list before. Its pc is where the handler returns to.
        unsafe frames[count &- 1].isExact = true
        let place = sp &+ SignalFrame.instructionPointer
        guard let saved = word(sp &+ SignalFrame.framePointer),
            let stackPointer = word(sp &+ SignalFrame.stackPointer), let interrupted = word(place)
        else { return .outside(address: place) }
        signals &+= 1
        guard signals <= RuleEngine.maximumSetbacks else { return .full }
        framePointer = saved
        sp = stackPointer
        pc = interrupted
        isExact = true
        return nil
    }
}
