/// Finds the caller of code that has no unwind rule, by the call that must have led there.
///
/// Compilers leave out the rules of functions that cannot be unwound through (Swift and Rust with -O: leaves that call
/// nothing), JIT compilers write none (V8 keeps frame pointers). A word on the stack is believed to be the return
/// address if the instruction in front of it is a call whose target is shortly before the code in question.
struct ReturnAddressScan<Space: CodeSpace> {
    /// Words looked at: functions without rules are small.
    private static var maximumWords: UInt64 { 64 }
    /// How far a function may reach from its start when the call to it is on top of the stack.
    private static var maximumFunction: UInt64 { 1 << 16 }
    /// The same for a call further up, which may be left over from another function.
    private static var maximumFunctionAbove: UInt64 { 1 << 12 }

    let sample: StackSample
    let space: Space
    private let sites: CallSites
    private let tag: UInt64

    /// - Parameter sites: what is known about the code of this and other processes.
    init(sample: StackSample, space: Space, sites: CallSites) {
        self.sample = sample
        self.space = space
        self.sites = sites
        tag = RuleCache.tag(space.generation)
    }

    /// The caller of a frame. What proves most comes first: a direct call to this code on top of the stack, a frame
    /// pointer that leads to a call, an indirect call on top of a leaf's stack, a direct call further up.
    ///
    /// - Parameters:
    ///   - address: an address inside of the frame's current instruction.
    ///   - isLeaf: whether the frame is the innermost one, or was interrupted by a signal.
    func caller(of address: UInt64, sp: UInt64, framePointer: UInt64, isLeaf: Bool) -> ProvenCaller? {
        let top = sample.word(at: sp).map { word in (word, site(word)) }
        if let (word, site) = top, site.isDirect(returningTo: word, into: address, within: Self.maximumFunction) {
            return ProvenCaller(pc: word, sp: sp &+ 8)
        }
        if let caller = byFramePointer(framePointer, sp: sp) { return caller }
        if isLeaf, let (word, site) = top, site.isIndirect { return ProvenCaller(pc: word, sp: sp &+ 8) }
        return furtherUp(address, sp: sp) ?? byFramePointer(framePointer, sp: sp, ofAnyCaller: true)
    }

    private func site(_ word: UInt64) -> CallSite { sites.site(word, tag: tag, in: space) }

    /// The frame that rbp points to, if it lies above and returns behind a call. Code that a runtime made cannot be
    /// read, so there any address will do.
    ///
    /// - Parameter ofAnyCaller: whether the caller may use rbp for anything, so that only the call proves it: the C++
    ///   code that enters compiled JavaScript.
    private func byFramePointer(_ pointer: UInt64, sp: UInt64, ofAnyCaller: Bool = false) -> ProvenCaller? {
        guard pointer >= sp, pointer & 7 == 0, let saved = sample.word(at: pointer),
            let pc = sample.word(at: pointer &+ 8), saved == 0 || saved > pointer || ofAnyCaller && saved < sp
        else { return nil }
        let site = site(pc)
        guard site.isCall || site.isUnreadable && !ofAnyCaller || site.isOfGoroutine && saved == 0 else { return nil }
        return ProvenCaller(pc: pc, sp: pointer &+ 16, framePointer: saved)
    }

    /// The start of the process, if a call of it lies shortly above: what calls a frame that nothing else is known of, but
    /// that it is no leaf.
    func processEntry(sp: UInt64) -> ProvenCaller? {
        for index in 0..<Self.maximumWords {
            let slot = sp &+ index * 8
            guard let word = sample.word(at: slot) else { return nil }
            if site(word).isOfEntry { return ProvenCaller(pc: word, sp: slot &+ 8) }
        }
        return nil
    }

    private func furtherUp(_ address: UInt64, sp: UInt64) -> ProvenCaller? {
        for index in 0..<Self.maximumWords {
            let slot = sp &+ index * 8
            guard let word = sample.word(at: slot) else { return nil }
            let site = site(word)
            guard site.isCall else { continue }
            if site.isDirect(returningTo: word, into: address, within: Self.maximumFunctionAbove)
                || site.isOfThreadStart
            {
                return ProvenCaller(pc: word, sp: slot &+ 8)
            }
        }
        return nil
    }
}

/// Where a frame without a rule returns to.
struct ProvenCaller: Hashable {
    /// The return address.
    var pc: UInt64
    /// Stack pointer in the caller.
    var sp: UInt64
    /// rbp in the caller, `nil` if it is what it was.
    var framePointer: UInt64?
}
