import Binary
import Model

/// All modules that any process has mapped, each once: by build-id where the kernel tells it, by inode else.
///
/// Owned by the sampler's thread.
final class ModuleTable {
    private var byIdentity: [FileIdentity: Module] = [:]
    private var next = ModuleID.firstDynamic.rawValue
    private let opener: ModuleOpener
    private let announce: (PinnedModule) -> Void
    private var openModules: [ObjectIdentifier: Module] = [:]
    private let openLimit: Int
    private var uses: UInt64 = 0
    private lazy var vdso = makeVDSO()

    /// - Parameter announce: told once about each module at its first sample, while its file is open.
    init(opener: ModuleOpener, openLimit: Int, announce: @escaping (PinnedModule) -> Void) {
        self.opener = opener
        self.openLimit = max(16, openLimit)
        self.announce = announce
    }

    /// Modules known.
    var count: Int { byIdentity.count }
    /// Files held open.
    var openCount: Int { openModules.count }

    /// The module of a file that was mapped; nothing is opened.
    func module(path: String, identity: FileIdentity) -> Module {
        if path == "[vdso]" { return vdso }
        if let known = byIdentity[identity] { return known.canonical }
        var info = ModuleInfo(kind: .elf, path: path, buildID: "")
        if case .buildID(let id) = identity { info.buildID = id.hexadecimal }
        let module = Module(id: newID(), identity: identity, info: info)
        byIdentity[identity] = module
        return module
    }

    /// Code that a runtime made in one process: a module of its own.
    func jitModule(path: String) -> Module {
        Module(id: newID(), identity: .anonymous, info: ModuleInfo(kind: .jit, path: path, buildID: ""))
    }

    private func newID() -> ModuleID {
        defer { next += 1 }
        return ModuleID(rawValue: next)
    }

    /// Opens the file behind a mapping of a process, once; returns the module to use from now on.
    func ready(_ mapping: Mapping, of process: Process) -> Module {
        let module = mapping.module.canonical
        uses += 1
        module.lastUse = uses
        guard module.shouldOpen(for: process.key) else { return module }
        guard module.info.kind == .elf else { return prepareJIT(module, of: process) }
        switch opener.open(mapping, of: process) {
        case .success(let opened): return adopt(opened, as: module, process: process)
        case .failure(let failure):
            module.markUnreadable(failure.reason, for: process.key)
            announce(PinnedModule(module: module, file: nil, process: process, unnamed: failure.reason))
            return module
        }
    }

    private func adopt(_ opened: OpenedImage, as module: Module, process: Process) -> Module {
        if module.info.buildID.isEmpty, !opened.image.buildID.isEmpty {
            let id = BuildID(opened.image.buildID)
            module.info.buildID = id.hexadecimal
            if let known = byIdentity[.buildID(id)]?.canonical, known !== module {
                module.markDuplicate(of: known)
                if case .open = known.state { return known }
                return adopt(opened, as: known, process: process)
            }
            byIdentity[.buildID(id)] = module
        }
        let isFirst = !module.wasAnnounced
        module.open(opened.image)
        keepOpen(module)
        if isFirst {
            module.wasAnnounced = true
            announce(PinnedModule(module: module, file: opened.takeDuplicate(), process: process, unnamed: nil))
        }
        return module
    }

    private func prepareJIT(_ module: Module, of process: Process) -> Module {
        module.markUnreadable(.jit)
        announce(PinnedModule(module: module, file: nil, process: process, unnamed: nil))
        return module
    }

    private func keepOpen(_ module: Module) {
        openModules[ObjectIdentifier(module)] = module
        guard openModules.count > openLimit else { return }
        guard let oldest = openModules.values.min(by: { $0.lastUse < $1.lastUse }) else { return }
        oldest.close()
        openModules[ObjectIdentifier(oldest)] = nil
    }

    private func makeVDSO() -> Module {
        let module = Module(
            id: newID(), identity: .anonymous, info: ModuleInfo(kind: .vdso, path: "[vdso]", buildID: ""))
        guard let bytes = VDSO.bytes(), let image = try? ElfImage(bytes: bytes) else {
            module.markUnreadable(.fileGone)
            return module
        }
        module.info.buildID = image.buildID.isEmpty ? "" : BuildID(image.buildID).hexadecimal
        module.open(image)
        announce(PinnedModule(vdso: module, bytes: bytes))
        return module
    }

    /// Forgets modules that no process maps, when there are many of them.
    func prune(keeping living: Set<ObjectIdentifier>) {
        for (identity, module) in byIdentity where !living.contains(ObjectIdentifier(module.canonical)) {
            module.close()
            openModules[ObjectIdentifier(module)] = nil
            byIdentity[identity] = nil
        }
    }
}
