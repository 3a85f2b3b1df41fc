import Glibc
public import Model
import Platform
import Synchronization

/// Names for addresses, by way of a child process that reads the files and may fail at it.
///
/// Called by one thread (the namer); calls block for as long as the child takes, at most `timeout` a message. Counters
/// may be read by any thread.
public final class Symbolizer: Sendable {
    /// How the child is started and how long it may take.
    public struct Options: Sendable {
        /// A program that calls ``runSymbolizerChild(socket:)`` with 3.
        public var executable: String
        /// Its arguments, without the name of the program.
        public var arguments: [String]
        /// Milliseconds for one message of the child.
        public var timeout: Int32 = 10_000
        /// Nanoseconds between attempts to start a child that could not be started.
        public var retryInterval: UInt64 = 5_000_000_000

        /// Starts `executable` with `arguments`.
        public init(executable: String, arguments: [String]) {
            self.executable = executable
            self.arguments = arguments
        }
    }

    /// Distinct addresses of each call.
    public let lookups = EventCounter()
    /// Those of them that were answered out of the cache, without the child.
    public let hits = EventCounter()
    /// Children started.
    public let starts = EventCounter()
    /// Children that ended in the middle of a request.
    public let crashes = EventCounter()
    /// Requests that took too long; their child was ended.
    public let timeouts = EventCounter()
    /// Modules that are quarantined.
    public let quarantines = EventCounter()
    /// CPU time of all children in nanoseconds, as they state it with each answer.
    public let childCPUNanoseconds = EventCounter()

    /// Addresses by what became of the question for their lines.
    public let lineResults = LineResults()
    /// CPU time that the children spent on lines, in nanoseconds; contained in `childCPUNanoseconds`.
    public let lineCPUNanoseconds = EventCounter()

    let options: Options
    let budget: StageBudget
    let state = Mutex(State())
    private let currentChild = Atomic<Int32>(0)

    struct State: ~Copyable {
        var process: SymbolizerProcess?
        var cache = NameCache()
        var lines = LineCache()
        var quarantined: Set<QuarantineKey> = []
        /// What brought the child down when lines were asked for: its names are still asked for.
        var quarantinedLines: Set<QuarantineKey> = []
        var nextStart: UInt64 = 0

        /// Keeps both caches within a number of bytes; lines take a half at most.
        mutating func shrink(to limit: Int) -> Int {
            lines.shrink(to: limit / 2)
            cache.shrink(to: max(0, limit - lines.byteCount))
            return cache.byteCount + lines.byteCount
        }
    }

    enum QuarantineKey: Hashable {
        case buildID([UInt8])
        case module(ModuleID)

        init(_ module: ModuleID, _ source: ModuleFiles) {
            self = source.buildID.isEmpty ? .module(module) : .buildID(source.buildID)
        }
    }

    /// - Parameter budget: the bytes of the cache of names; CPU time of this stage is charged to it, the child's too.
    public init(_ options: Options, budget: StageBudget) {
        self.options = options
        self.budget = budget
    }

    /// Pid of the running child, 0 if there is none.
    public var childPID: Int32 { currentChild.load(ordering: .relaxed) }

    /// Resident memory of the running child in bytes, 0 if there is none.
    public var childResidentBytes: Int {
        let pid = childPID
        return pid == 0 ? 0 : ChildUsage.residentBytes(pid: pid)
    }

    /// Names for addresses of one module, in their order. `.pending` means: no child could be started, ask again.
    /// - Parameter source: the module's files, lent for the call.
    public func symbolize(module: ModuleID, source: ModuleFiles, addresses: [UInt64]) -> [FrameName] {
        let start = SystemTime.threadCPU()
        let names = state.withLock { state in
            defer { budget.usedBytes = state.shrink(to: budget.limitBytes) }
            let names = symbolize(module, source, addresses, &state)
            return zip(addresses, names).map { state.lines.complete($1, module, $0) }
        }
        budget.charge(cpuNanoseconds: SystemTime.threadCPU() &- start)
        return names
    }

    /// Forgets what is cached of a module that is gone.
    public func forget(_ module: ModuleID) {
        state.withLock { state in
            state.cache.remove(module)
            state.lines.remove(module)
        }
    }

    private func symbolize(
        _ module: ModuleID, _ source: ModuleFiles, _ addresses: [UInt64], _ state: inout State
    ) -> [FrameName] {
        let key = QuarantineKey(module, source)
        if state.quarantined.contains(key) { return addresses.map { _ in .unnamed(.quarantined) } }
        let text = TextFile(source)
        if source.kind == .perfMap { state.cache.note(module, textSize: text.size) }
        var names: [UInt64: FrameName] = [:]
        var missing: [UInt64] = []
        let wanted = Set(addresses)
        for address in wanted {
            names[address] = state.cache.lookUp(module, address)
            if names[address] == nil { missing.append(address) }
        }
        lookups.add(UInt64(wanted.count))
        hits.add(UInt64(wanted.count - missing.count))
        missing.sort()
        var first = 0
        while first < missing.count, !state.quarantined.contains(key) {
            let batch = Array(missing[first..<min(first + Wire.maximumAddresses, missing.count)])
            first += batch.count
            guard let process = runningProcess(&state) else { break }
            do throws(SymbolizerFailure) {
                let found = try ask(process, module, source, text, batch)
                for answer in found { keep(answer, of: batch, module, &names, &state.cache) }
            } catch {
                fail(error, &state)
                state.quarantined.insert(key)
            }
        }
        let rest: UnnamedReason = state.quarantined.contains(key) ? .quarantined : .pending
        return addresses.map { names[$0] ?? .unnamed(rest) }
    }

    private func ask(
        _ process: SymbolizerProcess, _ module: ModuleID, _ source: ModuleFiles, _ text: TextFile, _ batch: [UInt64]
    ) throws(SymbolizerFailure) -> [SymbolAnswer] {
        let request = SymbolRequest(
            sequence: 0, module: UInt64(module.rawValue), kind: source.kind, size: text.size, identity: text.identity,
            addresses: batch)
        return try ask(process, request, source, timeout: options.timeout).answers
    }

    /// Sends a request with the files of its module, and charges what it cost.
    func ask(
        _ process: SymbolizerProcess, _ request: SymbolRequest, _ source: ModuleFiles, timeout: Int32
    ) throws(SymbolizerFailure) -> (answers: [SymbolAnswer], cpuNanoseconds: UInt64) {
        let files = [source.main] + source.debugFiles.prefix(Wire.maximumDebugFiles)
        let (answers, cpu) = try process.ask(request, descriptors: files.map(\.number), timeout: timeout)
        withExtendedLifetime(files) {}
        childCPUNanoseconds.add(cpu)
        budget.charge(cpuNanoseconds: cpu)
        return (answers, cpu)
    }

    /// Takes over an answer; one for an address that was not asked for is left out.
    private func keep(
        _ answer: SymbolAnswer, of batch: [UInt64], _ module: ModuleID, _ names: inout [UInt64: FrameName],
        _ cache: inout NameCache
    ) {
        guard Int(answer.index) < batch.count else { return }
        let address = batch[Int(answer.index)]
        let name = FrameName(answer.outcome)
        names[address] = name
        if answer.range.contains(address) { cache.insert(module, answer.range, name) }
    }

    /// Counts the end of a child; the caller says what is quarantined for it.
    func fail(_ failure: SymbolizerFailure, _ state: inout State) {
        switch failure {
        case .crashed: crashes.add()
        case .timedOut: timeouts.add()
        }
        quarantines.add()
        currentChild.store(0, ordering: .relaxed)
        state.process = nil
    }

    func runningProcess(_ state: inout State) -> SymbolizerProcess? {
        if let process = state.process { return process }
        let now = SystemTime().monotonic()
        guard now >= state.nextStart else { return nil }
        guard
            let process = try? SymbolizerProcess(
                executable: options.executable, arguments: options.arguments, timeout: options.timeout)
        else {
            state.nextStart = now &+ options.retryInterval
            return nil
        }
        starts.add()
        currentChild.store(process.pid, ordering: .relaxed)
        state.process = process
        return process
    }
}

extension FrameName {
    fileprivate init(_ outcome: SymbolOutcome) {
        switch outcome {
        case .named(let function, let systemName):
            self = .lines([SourceLine(function: function, systemName: systemName)])
        case .unnamed(.stripped): self = .unnamed(.stripped)
        case .unnamed(.noSymbol): self = .unnamed(.noSymbol)
        case .unnamed(.malformed): self = .unnamed(.malformed)
        case .unnamed(.kernelHidden): self = .unnamed(.kernelHidden)
        case .unnamed(.budget): self = .unnamed(.budget)
        // No question for names has such an answer.
        case .located, .unlocated: self = .unnamed(.malformed)
        }
    }
}
