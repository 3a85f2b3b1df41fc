import Model
import Platform

/// All processes, kept true by the records of the kernel; /proc is read at the start and for what was missed.
///
/// Owned by the sampler's thread.
final class ProcessTable {
    /// A host can have more, but then something is wrong: the rest is sampled without names.
    static let maximumProcesses = 1 << 18

    private(set) var processes: [Int32: Process] = [:]
    private var leaving: [(pid: Int32, key: ProcessKey, until: UInt64)] = []
    private let procRoot: String
    private let modules: ModuleTable
    /// Told when a thread's context will not be used again.
    var retire: (ContextID) -> Void = { _ in }

    private let scope: SamplerSettings.Scope

    init(procRoot: String, modules: ModuleTable, scope: SamplerSettings.Scope) {
        self.procRoot = procRoot
        self.modules = modules
        self.scope = scope
    }

    /// Whether a process belongs to what is sampled: the root of the tree, or a child of one that does.
    private func isInScope(_ pid: Int32, parent: Int32) -> Bool {
        guard case .tree(let root) = scope else { return true }
        return pid == root || processes[parent]?.isInScope == true
    }

    /// Reads every process of the host once.
    func scan() {
        // In the order of the numbers, parents mostly come before their children.
        for pid in ProcFile.numbers(in: procRoot).sorted() where processes[pid] == nil { _ = load(pid) }
    }

    /// The process of a sample; one that no record told of is read from /proc.
    func process(_ pid: Int32) -> Process? { processes[pid] ?? load(pid) }

    private func load(_ pid: Int32) -> Process? {
        guard pid > 0, processes.count < Self.maximumProcesses else { return nil }
        let now = SystemTime().monotonic()
        guard let text = try? ProcFile.read("\(procRoot)/\(pid)/stat", limit: 4096), let stat = ProcStat(text) else {
            return nil
        }
        let executable = stat.isKernelThread ? "" : ProcFile.link("\(procRoot)/\(pid)/exe") ?? ""
        let process = Process(
            key: ProcessKey(pid: pid, start: stat.startTime), parent: stat.parent, name: stat.name,
            executable: executable.withoutDeletedMark, isKernelThread: stat.isKernelThread, knownSince: now,
            procRoot: procRoot, modules: modules)
        process.isInScope = isInScope(pid, parent: stat.parent)
        if !stat.isKernelThread { loadMaps(of: process) }
        processes[pid] = process
        return process
    }

    private func loadMaps(of process: Process) {
        guard let text = try? ProcFile.read("\(procRoot)/\(process.key.pid)/maps") else { return }
        for line in ProcMapsLine.executableLines(in: text) {
            let identity: FileIdentity =
                line.inode == 0 ? .anonymous : .inode(device: line.device, inode: line.inode)
            process.map(
                line.range, fileOffset: line.fileOffset, identity: identity, path: line.path.withoutDeletedMark)
        }
    }

    // MARK: Records

    func apply(_ record: MappingRecord, at time: UInt64) {
        guard let process = process(record.pid), time >= process.knownSince else { return }
        let (end, overflow) = record.start.addingReportingOverflow(record.length)
        guard !overflow, end > record.start else { return }
        process.map(
            record.start..<end, fileOffset: record.fileOffset, identity: record.identity,
            path: record.path.withoutDeletedMark)
    }

    func apply(_ record: NameRecord, at time: UInt64) {
        guard let process = process(record.pid), time >= process.knownSince else { return }
        if record.isExec {
            retireAll(of: process)
            process.exec(name: record.name)
        }
        // The first thread's name is the process's: the contexts of all threads state it.
        if record.tid == record.pid { retireAll(of: process) }
        if let context = process.threads[record.tid]?.context { retire(context) }
        process.rename(thread: record.tid, to: record.name)
    }

    func fork(_ record: TaskRecord) {
        if record.pid == record.parent {
            guard let process = process(record.pid), record.time >= process.knownSince else { return }
            process.addThread(record.tid, from: record.pid)
            return
        }
        if let known = processes[record.pid], record.time < known.knownSince { return }
        guard processes.count < Self.maximumProcesses else { return }
        // A pid that is used again before its last owner was buried.
        if let replaced = processes.removeValue(forKey: record.pid) { retireAll(of: replaced) }
        if let parent = process(record.parent) {
            processes[record.pid] = parent.forked(pid: record.pid, time: record.time)
        } else {
            _ = load(record.pid)
        }
    }

    /// The end of a thread; with the first thread ends the process, which is kept for the samples of its last moments.
    func exit(_ record: TaskRecord) {
        guard let process = processes[record.pid], record.time >= process.knownSince else { return }
        if record.tid == record.pid {
            leaving.append((record.pid, process.key, record.time &+ 1_000_000_000))
        } else if let context = process.removeThread(record.tid) {
            retire(context)
        }
    }

    /// Forgets processes that ended before `time`.
    func bury(before time: UInt64) {
        var staying: [(pid: Int32, key: ProcessKey, until: UInt64)] = []
        while let first = leaving.first, first.until <= time {
            leaving.removeFirst()
            guard let process = processes[first.pid], process.key == first.key else { continue }
            if hasOtherThreads(process) {
                staying.append((first.pid, first.key, first.until &+ 1_000_000_000))
                continue
            }
            retireAll(of: process)
            processes[first.pid] = nil
        }
        leaving += staying
    }

    /// The first thread can end before the others (pthread_exit in main); /proc is asked only where that may be.
    private func hasOtherThreads(_ process: Process) -> Bool {
        let pid = process.key.pid
        guard process.threads.keys.contains(where: { $0 != pid }) else { return false }
        return ProcFile.numbers(in: "\(procRoot)/\(pid)/task").contains { $0 != pid }
    }

    private func retireAll(of process: Process) {
        for context in process.takeContexts() { retire(context) }
    }

    /// Lets every process be named again at its next sample.
    func forgetTargets() {
        for process in processes.values { process.target = nil }
    }

    /// Identities of all modules that a living process maps.
    func livingModules() -> Set<ObjectIdentifier> {
        var living: Set<ObjectIdentifier> = []
        for process in processes.values {
            for module in process.mappedModules { living.insert(ObjectIdentifier(module)) }
        }
        return living
    }
}

extension String {
    /// The kernel marks paths of files that were unlinked.
    fileprivate var withoutDeletedMark: String { hasSuffix(" (deleted)") ? String(dropLast(10)) : self }
}
