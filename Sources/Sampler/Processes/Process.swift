import Glibc
import Model
import Platform
import Runtimes
import Synchronization
import Unwinder

/// One process as the records of the kernel tell it.
///
/// Owned by the sampler's thread.
final class Process: CodeSpace {
    /// A thread and what the store knows it as.
    struct Thread {
        var name: String
        var context: ContextID?
    }

    let key: ProcessKey
    private(set) var parent: Int32
    private(set) var name: String
    /// Path of the executable as the process sees it, empty until known.
    private(set) var executable: String
    private(set) var isKernelThread: Bool
    private(set) var maps = ProcessMaps()
    private(set) var threads: [Int32: Thread] = [:]
    /// cgroup id of the last sample, 0 if unknown.
    var cgroup: UInt64 = 0
    /// Whether its samples are wanted; children take it over.
    var isInScope = true
    /// `nil` until the first sample asked for it.
    var target: TargetAssignment?
    /// Unit and container that the target was decided by.
    var group = CgroupName(path: "/")
    /// Records older than this are in what was read from /proc already.
    let knownSince: UInt64
    /// Set while an exec was seen and its first mapping was not: that one is the executable.
    private var awaitsExecutable: Bool
    private var jit: Module?
    private let procRoot: String
    private(set) var generation: UInt64
    private let modules: ModuleTable
    /// Where the last look-up ended, which the next one usually needs too.
    private var lastImage: MappedImage?
    private var lastModule: Module?

    init(
        key: ProcessKey, parent: Int32, name: String, executable: String, isKernelThread: Bool = false,
        knownSince: UInt64, procRoot: String, modules: ModuleTable
    ) {
        self.key = key
        self.parent = parent
        self.name = name
        self.executable = executable
        self.isKernelThread = isKernelThread
        self.knownSince = knownSince
        self.procRoot = procRoot
        self.modules = modules
        awaitsExecutable = false
        generation = Self.nextGeneration()
    }

    /// A copy for a child that was forked off: same code, own identity.
    func forked(pid: Int32, time: UInt64) -> Process {
        let child = Process(
            key: ProcessKey(pid: pid, start: time), parent: key.pid, name: name, executable: executable,
            knownSince: time, procRoot: procRoot, modules: modules)
        child.maps = maps
        child.jit = jit
        child.cgroup = cgroup
        child.isInScope = isInScope
        return child
    }

    private static let generations = Atomic<UInt64>(0)
    private static func nextGeneration() -> UInt64 { generations.wrappingAdd(1, ordering: .relaxed).newValue }

    // MARK: What records change

    /// A new program replaced the old one.
    func exec(name: String) {
        self.name = name
        maps = ProcessMaps()
        jit = nil
        executable = ""
        awaitsExecutable = true
        target = nil
        threads = [:]
        mapsChanged()
    }

    func rename(thread tid: Int32, to name: String) {
        if tid == key.pid { self.name = name }
        threads[tid] = Thread(name: name, context: nil)
    }

    func addThread(_ tid: Int32, from parent: Int32) {
        threads[tid] = Thread(name: threads[parent]?.name ?? name, context: nil)
    }

    func removeThread(_ tid: Int32) -> ContextID? { threads.removeValue(forKey: tid)?.context }

    func setContext(_ context: ContextID?, thread tid: Int32) { threads[tid]?.context = context }

    /// Makes all threads unknown to the store; what it knew them as.
    func takeContexts() -> [ContextID] {
        let taken = threads.values.compactMap(\.context)
        for tid in threads.keys { threads[tid]?.context = nil }
        return taken
    }

    /// Adds an executable mapping.
    func map(_ range: Range<UInt64>, fileOffset: UInt64, identity: FileIdentity, path: String) {
        if awaitsExecutable, path.hasPrefix("/") {
            executable = path
            awaitsExecutable = false
        }
        let module = module(path: path, identity: identity)
        maps.insert(Mapping(range: range, fileOffset: fileOffset, module: module))
        mapsChanged()
    }

    private func module(path: String, identity: FileIdentity) -> Module {
        let isFile = path.hasPrefix("/") && !path.hasPrefix("//anon") && !path.hasPrefix("/dev/zero")
        if isFile && identity.isFile || path == "[vdso]" { return modules.module(path: path, identity: identity) }
        if let jit { return jit }
        let made = modules.jitModule(path: "[jit]")
        jit = made
        return made
    }

    private func mapsChanged() {
        generation = Self.nextGeneration()
        lastImage = nil
        lastModule = nil
    }

    // MARK: What a walk asks

    func image(at address: UInt64) -> MappedImage? {
        if let lastImage, lastImage.range.contains(address) { return lastImage }
        guard let mapping = maps.mapping(at: address) else { return nil }
        let module = modules.ready(mapping, of: self)
        let bias = module.bias(of: mapping)
        let image = MappedImage(
            range: mapping.range, bias: bias ?? 0, bytes: bias == nil ? nil : module, isMade: module.info.kind == .jit)
        lastImage = image
        lastModule = module
        return image
    }

    func readData(at address: UInt64) -> UInt64? {
        for mapping in maps.neighbours(of: address) {
            let module = modules.ready(mapping, of: self)
            guard let bias = module.bias(of: mapping) else { continue }
            if let word = module.readWord(atAddress: address &- bias) { return word }
        }
        return nil
    }

    func isForeign(_ address: UInt64) -> Bool { image(at: address) != nil && lastModule?.frameReader != nil }

    /// The reader of the frames of the code at an address, and the code's bias.
    func frameReader(at address: UInt64) -> (reader: any FrameReader, bias: UInt64)? {
        guard let image = image(at: address), let reader = lastModule?.frameReader else { return nil }
        return (reader, image.bias)
    }

    /// Appends the addresses of a stack as they are stored. Neighbours mostly lie in one mapping, which is looked up once.
    func appendFrames(_ stack: ArraySlice<UnwoundFrame>, to frames: inout [FrameKey]) {
        var range: Range<UInt64> = 0..<0
        var module = ModuleID.unknown
        var bias: UInt64 = 0
        for frame in stack {
            let address = frame.lookupAddress
            if !range.contains(address) {
                guard let mapping = maps.mapping(at: address) else {
                    frames.append(FrameKey(module: .unknown, address: address))
                    continue
                }
                let ready = modules.ready(mapping, of: self)
                (range, module) = (mapping.range, ready.id)
                bias = ready.info.kind == .jit ? 0 : mapping.fileOffset &- mapping.range.lowerBound
            }
            frames.append(FrameKey(module: module, address: address &+ bias))
        }
    }

    /// Whether code at the address was made by a runtime.
    func isJIT(_ address: UInt64) -> Bool { maps.mapping(at: address)?.module.info.kind == .jit }

    /// The thread's name, asked of /proc for threads that are older than the sampler.
    func thread(_ tid: Int32) -> Thread {
        if let known = threads[tid] { return known }
        let path = "\(procRoot)/\(key.pid)/task/\(tid)/comm"
        let comm = (try? ProcFile.read(path, limit: 64)).map { String(decoding: $0.dropLast(), as: UTF8.self) }
        let thread = Thread(name: comm ?? name, context: nil)
        if threads.count < Self.maximumThreads { threads[tid] = thread }
        return thread
    }

    private static let maximumThreads = 1 << 16

    func readStatus() -> ProcStatus? {
        (try? ProcFile.read("\(procRoot)/\(key.pid)/status", limit: 64 << 10)).flatMap { ProcStatus($0) }
    }

    func openRoot() -> FileDescriptor? {
        try? FileDescriptor.openDirectory("\(procRoot)/\(key.pid)/root")
    }

    /// Modules of its mappings.
    var mappedModules: [Module] { maps.mappings.map(\.module.canonical) }
}

extension FileIdentity {
    var isFile: Bool {
        switch self {
        case .buildID: true
        case .inode(_, let inode): inode != 0
        case .anonymous: false
        }
    }
}
