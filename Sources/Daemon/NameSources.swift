import Binary
import Model
import Platform
import Sampler
import Symbols
import Synchronization

/// What the names of each module are read from: files pinned at the first sample, opened once, a bounded number of them.
final class NameSources: Sendable {
    private struct Entry {
        var pinned: PinnedModule?
        var files: ModuleFiles?
        var refusal: UnnamedReason?
        var lastUse: UInt64 = 0
    }

    private struct State {
        var entries: [ModuleID: Entry] = [:]
        var uses: UInt64 = 0
    }

    private let state = Mutex(State())
    private let limit: Int
    private let kallsyms: OpenFile?
    private let locators: [DebugFileLocator]

    /// - Parameters:
    ///   - limit: modules whose files are held open.
    ///   - kallsyms: table of the kernel's symbols.
    init(limit: Int, kallsyms: String, debugDirectories: [String]) {
        self.limit = max(16, limit)
        self.kallsyms = try? OpenFile(FileDescriptor.open(kallsyms))
        locators = debugDirectories.map { DebugFileLocator(hostFolder: $0) }
    }

    /// Takes over a module at its first sample; called by the sampler.
    func add(_ module: PinnedModule) {
        state.withLock { state in
            state.uses += 1
            state.entries[module.id] = Entry(pinned: module, lastUse: state.uses)
            guard state.entries.count > limit else { return }
            let oldest = state.entries.min { $0.value.lastUse < $1.value.lastUse }
            if let oldest { state.entries[oldest.key] = Entry(refusal: .budget, lastUse: state.uses) }
        }
    }

    /// The files to ask, or why there are none.
    func files(of module: ModuleID) -> Result<ModuleFiles, Refusal> {
        if module == .kernel {
            return kallsyms.map { .success(ModuleFiles(kind: .kallsyms, main: $0)) } ?? .failure(Refusal(.kernelHidden))
        }
        return state.withLock { state in
            state.uses += 1
            guard var entry = state.entries[module] else { return .failure(Refusal(.fileGone)) }
            entry.lastUse = state.uses
            let result = Self.prepare(&entry, locators: locators)
            state.entries[module] = entry
            return result
        }
    }

    /// A reason in the shape of an error.
    struct Refusal: Error {
        let reason: UnnamedReason
        init(_ reason: UnnamedReason) { self.reason = reason }
    }

    private static func prepare(_ entry: inout Entry, locators: [DebugFileLocator]) -> Result<ModuleFiles, Refusal> {
        if let files = entry.files { return .success(files) }
        if let refusal = entry.refusal { return .failure(Refusal(refusal)) }
        guard let pinned = entry.pinned else { return .failure(Refusal(.fileGone)) }
        switch open(pinned, locators: locators) {
        case .success(let files):
            entry.files = files
            entry.pinned = nil
            return .success(files)
        case .failure(let refusal):
            // A perf map may be written later; everything else stays as it is.
            if pinned.info.kind != .jit {
                entry.refusal = refusal.reason
                entry.pinned = nil
            }
            return .failure(refusal)
        }
    }

    private static func open(_ module: PinnedModule, locators: [DebugFileLocator]) -> Result<ModuleFiles, Refusal> {
        if let reason = module.unnamed { return .failure(Refusal(reason)) }
        switch module.info.kind {
        case .jit: return openPerfMap(module)
        case .vdso: return (try? ModuleFiles.image(module.bytes)).map { .success($0) } ?? .failure(Refusal(.fileGone))
        default: return openFile(module, locators: locators)
        }
    }

    private static func sharedRoot(of module: PinnedModule) -> OpenFile? {
        guard let copy = try? module.root?.duplicate() else { return nil }
        return OpenFile(copy)
    }

    private static func openPerfMap(_ module: PinnedModule) -> Result<ModuleFiles, Refusal> {
        guard let root = sharedRoot(of: module),
            let map = try? PerfMapFile.open(namespacePID: module.namespacePid, root: root, user: module.user)
        else { return .failure(Refusal(.jit)) }
        return .success(ModuleFiles(kind: .perfMap, main: map))
    }

    private static func openFile(_ module: PinnedModule, locators: [DebugFileLocator]) -> Result<ModuleFiles, Refusal> {
        guard let file = try? module.file?.duplicate(), let again = try? module.file?.duplicate(),
            let image = try? ElfImage(file: again, number: 1, cache: BlockCache(bytes: 64 << 10))
        else { return .failure(Refusal(.fileGone)) }
        let root = sharedRoot(of: module)
        let debugFiles = locators.flatMap {
            $0.candidates(buildID: image.buildID, link: image.debugLink, path: module.info.path, root: root)
        }
        return .success(
            ModuleFiles(kind: .elf, main: OpenFile(file), debugFiles: debugFiles, buildID: image.buildID))
    }
}
