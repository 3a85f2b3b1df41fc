import Model

/// The threads whose stacks were deeper than their dump lately, with the last whole stack of each.
///
/// Holds a bounded number of bytes: the thread that was deep longest ago is forgotten first.
struct DeepThreads {
    private struct Entry {
        var process: ProcessKey
        /// Time of the last sample whose dump did not suffice.
        var time: UInt64
        var memo: StackMemo?
        /// Readings of its memory that did not fit to its dumps or to each other, the older the less.
        var unrest = 0.0
    }

    /// What a disturbance counts after each further deep sample.
    private static let fading = 0.95
    /// More than one reading in four was disturbed: the thread moves too quickly for its memory to tell of its past.
    private static let mostUnrest = 5.0

    /// A thread that was not deep for this long, in ns, is not deep any more.
    static let lifetime: UInt64 = 5_000_000_000
    /// A ring without samples of deep threads for this long, in ns, goes back to waking in batches.
    static let hold: UInt64 = 2_000_000_000
    static let maximumBytes = 4 << 20
    /// What an entry takes without its memo.
    private static let entryBytes = 96

    private var entries: [Int32: Entry] = [:]
    /// Bytes held.
    private(set) var bytes = 0
    /// Whether no thread is deep.
    var isEmpty: Bool { entries.isEmpty }

    /// Whether a thread was deep shortly before a time.
    func isDeep(_ task: Int32, at time: UInt64) -> Bool {
        entries[task].map { $0.time > time || time - $0.time < Self.lifetime } ?? false
    }

    /// Time of the last sample of a thread whose dump did not suffice; `nil` if it is not deep.
    func time(of task: Int32) -> UInt64? { entries[task]?.time }

    /// Whether what is read of a thread's memory is not to be believed.
    func isRestless(_ task: Int32) -> Bool { entries[task].map { $0.unrest > Self.mostUnrest } ?? false }

    /// Notes that a reading of a thread's memory did not fit.
    mutating func disturb(_ task: Int32, by amount: Double = 1) { entries[task]?.unrest += amount }

    /// Where the stack of a thread was known to end, 0 if it is not.
    func end(of task: Int32) -> UInt64 { entries[task]?.memo?.end ?? 0 }

    /// The last whole stack of a thread.
    func memo(of task: Int32) -> StackMemo? { entries[task]?.memo }

    /// Notes that a dump did not suffice.
    mutating func touch(_ task: Int32, of process: ProcessKey, at time: UInt64) {
        if let known = entries[task], known.process == process {
            entries[task]?.time = max(known.time, time)
            entries[task]?.unrest = known.unrest * Self.fading
            return
        }
        remove(task)
        entries[task] = Entry(process: process, time: time, memo: nil)
        bytes += Self.entryBytes
        makeRoom(keeping: task)
    }

    /// Replaces what is remembered of a deep thread.
    mutating func remember(_ memo: StackMemo?, of task: Int32) {
        guard let known = entries[task] else { return }
        bytes += (memo?.bytes ?? 0) - (known.memo?.bytes ?? 0)
        entries[task]?.memo = memo
        makeRoom(keeping: task)
    }

    /// Forgets threads that were not deep for a while.
    mutating func expire(at now: UInt64) {
        for (task, entry) in entries where now > entry.time && now - entry.time >= Self.lifetime { remove(task) }
    }

    private mutating func remove(_ task: Int32) {
        guard let entry = entries.removeValue(forKey: task) else { return }
        bytes -= Self.entryBytes + (entry.memo?.bytes ?? 0)
    }

    private mutating func makeRoom(keeping task: Int32) {
        while bytes > Self.maximumBytes, entries.count > 1 {
            guard let oldest = entries.filter({ $0.key != task }).min(by: { $0.value.time < $1.value.time }) else {
                return
            }
            remove(oldest.key)
        }
        if bytes > Self.maximumBytes { remove(task) }
    }
}
