import Model
import Platform
import Unwinder

/// Completes stacks that are deeper than their dump: by the memory above it, which is read as soon as the sample comes,
/// and by what the thread's last whole stack was, where memory proves that it still is.
///
/// The thread runs on while its memory is read, so a reading is believed only as far as it is proven: the end of the dump
/// has to be in memory still, unchanged, after what lies above was read; the walk has to reach the root; and two readings
/// have to agree on every return address, that of this sample and one before or, for a stack that was not seen yet, a
/// second one. A thread whose readings are disturbed often is left alone. Anything else leaves the stack truncated.
///
/// Owned by the sampler's thread.
final class DeepStacks {
    private let walk: UserWalk
    private let counters: DeepStackCounters
    private var threads = DeepThreads()
    private var pool = TailPool()
    private var allowance = TimeAllowance(share: 0.1, burst: 100e6)
    private var frames: [UnwoundFrame] = []

    /// - Parameter walk: the same one that walks dumps.
    init(walk: UserWalk, counters: DeepStackCounters) {
        self.walk = walk
        self.counters = counters
    }

    /// Whether samples are to be looked at as soon as they come.
    var isActive: Bool { !threads.isEmpty }
    /// Whether samples have to be handled before more can be captured.
    var isFull: Bool { pool.isFull }

    /// Whether the dump of a sample did not suffice, and its thread is one that can be completed.
    func isDeep(_ sample: SampleRecord) -> Bool {
        threads.time(of: sample.tid) == sample.time && !threads.isRestless(sample.tid)
    }

    // MARK: When a sample comes

    /// Reads what lies above the dump of a thread that is known to be deep.
    func capture(_ sample: CutSample) {
        guard threads.isDeep(sample.task, at: sample.time), !threads.isRestless(sample.task), let buffer = pool.take()
        else { return }
        let refusal = read(sample, into: buffer, upTo: threads.end(of: sample.task))
        pool.keep(buffer, of: sample, refusal: refusal)
    }

    /// - Parameter end: where the stack is known to end; 0 if it is not.
    private func read(_ sample: CutSample, into buffer: TailBuffer, upTo end: UInt64) -> TailBuffer.Refusal? {
        // The root's own frame may look at a few words above its return address.
        let refusal = buffer.read(sample, upTo: end == 0 ? 0 : end &+ 256)
        counters.addRead(bytes: buffer.cost.bytes, calls: buffer.cost.calls)
        return refusal
    }

    // MARK: When its turn comes

    /// Finds the outer frames of a stack whose dump ended before its root.
    ///
    /// - Parameter walked: the frames of the dump; the whole stack if it could be completed, else left as they are.
    func complete(
        _ stack: StackSample, of sample: SampleRecord, in process: Process, _ walked: inout [UnwoundFrame]
    ) -> Bool {
        guard stack.stackEnd &- stack.stackStart >= UInt64(TailBuffer.leastDump) else { return false }
        let cut = CutSample(task: sample.tid, time: sample.time, dumpEnd: stack.stackEnd)
        threads.touch(sample.tid, of: process.key, at: sample.time)
        if threads.isRestless(sample.tid) {
            counters.restless.add()
            return false
        }
        let captured = pool.find(cut)
        guard let (buffer, refusal) = captured ?? readLate(cut) else { return false }
        defer { pool.giveBack(buffer) }
        if let refusal { return refuse(refusal) }
        guard let joined = buffer.joined(with: stack) else {
            // A late reading that does not fit says nothing about how quickly the thread moves.
            if captured != nil { threads.disturb(cut.task) }
            return refuse(.changed)
        }
        switch splice(&walked, cut.task, buffer) {
        case .proven: return true
        case .contradicted: return contradict(cut.task)
        case .unknown: break
        }
        let outcome = rewalk(joined, stack, cut, process, buffer, &walked)
        if let outcome { return outcome }
        if buffer.isCut { return survey(stack, cut, process, &walked) }
        // The stack does not end where it used to: the next sample looks further.
        threads.remember(nil, of: cut.task)
        counters.noRoot.add()
        return false
    }

    private func refuse(_ refusal: TailBuffer.Refusal) -> Bool {
        counters.add(refusal)
        return false
    }

    private func contradict(_ task: Int32) -> Bool {
        counters.contradicted.add()
        threads.disturb(task, by: 2)
        threads.remember(nil, of: task)
        return false
    }

    /// The first samples of a deep thread came before anybody knew.
    private func readLate(_ sample: CutSample) -> (TailBuffer, TailBuffer.Refusal?)? {
        guard let buffer = pool.take() else { return nil }
        return (buffer, read(sample, into: buffer, upTo: threads.end(of: sample.task)))
    }

    /// Goes on with the thread's last whole stack.
    private func splice(_ walked: inout [UnwoundFrame], _ task: Int32, _ buffer: TailBuffer) -> StackMemo.Answer {
        guard let memo = threads.memo(of: task) else { return .unknown }
        let answer = memo.callers(of: walked, mayHaveGap: buffer.isCut) { buffer.word(at: $0) }
        if case .proven(let callers) = answer {
            walked.append(contentsOf: callers)
            counters.spliced.add()
        }
        return answer
    }

    /// Walks the dump and what was read above it as one stack; `nil` if that does not lead to the root.
    private func rewalk(
        _ joined: StackSample, _ stack: StackSample, _ cut: CutSample, _ process: Process, _ buffer: TailBuffer,
        _ walked: inout [UnwoundFrame]
    ) -> Bool? {
        let start = SystemTime().monotonic()
        guard allowance.mayStart(at: start) else {
            counters.overBudget.add()
            return false
        }
        frames.removeAll(keepingCapacity: true)
        let end = walk.walk(joined, of: process, into: &frames)
        allowance.use(SystemTime().monotonic() &- start)
        if end == .truncated, case .proven = splice(&frames, cut.task, buffer) {
            swap(&walked, &frames)
            threads.remember(StackMemo(walked), of: cut.task)
            return true
        }
        guard end == .complete else { return nil }
        guard let memo = StackMemo(frames), isConfirmed(memo, walked, stack, cut) else { return contradict(cut.task) }
        threads.remember(memo, of: cut.task)
        counters.rewalked.add()
        swap(&walked, &frames)
        return true
    }

    /// Reads a second time. A thread that had left its depth is caught by now: calls have overwritten what they met.
    private func isConfirmed(
        _ memo: StackMemo, _ walked: [UnwoundFrame], _ stack: StackSample, _ cut: CutSample
    ) -> Bool {
        guard let buffer = pool.take() else { return false }
        defer { pool.giveBack(buffer) }
        guard read(cut, into: buffer, upTo: memo.end) == nil, buffer.joined(with: stack) != nil else { return false }
        if case .proven = memo.callers(of: walked, mayHaveGap: buffer.isCut, word: { buffer.word(at: $0) }) {
            return true
        }
        return false
    }

    /// Most bytes above a dump that are looked at: the size of the main thread's stack, unless its limit was raised.
    private static let surveyBytes = 8 << 20

    /// Looks at the whole of a stack that is deeper than what is read for each sample, so that its outer part is known.
    private func survey(
        _ stack: StackSample, _ cut: CutSample, _ process: Process, _ walked: inout [UnwoundFrame]
    ) -> Bool {
        let start = SystemTime().monotonic()
        guard allowance.mayStart(at: start) else {
            counters.overBudget.add()
            return false
        }
        let buffer = TailBuffer(window: Self.surveyBytes)
        let refusal = read(cut, into: buffer, upTo: 0)
        allowance.use(SystemTime().monotonic() &- start)
        if let refusal { return refuse(refusal) }
        guard let joined = buffer.joined(with: stack) else { return refuse(.changed) }
        if let outcome = rewalk(joined, stack, cut, process, buffer, &walked) { return outcome }
        counters.noRoot.add()
        return false
    }

    // MARK: Bounds

    /// Samples before a time were handled.
    func drained(before limit: UInt64) {
        guard isActive else { return }
        pool.drop(before: limit)
        threads.expire(at: limit)
        counters.setBytes(pool.bytes + threads.bytes + frames.capacity * MemoryLayout<UnwoundFrame>.stride)
        if threads.isEmpty { trim() }
    }

    private func trim() {
        pool.trim()
        if frames.capacity > 8192 { frames = [] }
        walk.trim()
        counters.setBytes(0)
    }
}
