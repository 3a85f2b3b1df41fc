public import Model
public import Platform

/// A module at its first sample, with what its names can be read from. Given to the symbolizer while the sources exist.
public final class PinnedModule: Sendable {
    /// The module's identifier in frames.
    public let id: ModuleID
    /// What the module is.
    public let info: ModuleInfo
    /// The file that was mapped, checked to be that one; `nil` for JIT code, the vDSO and what cannot be opened.
    public let file: FileDescriptor?
    /// The image itself where there is no file (vDSO).
    public let bytes: [UInt8]
    /// Where the process lives that was sampled first.
    public let process: ProcessKey
    /// Its pid inside its own pid namespace.
    public let namespacePid: Int32
    /// Its root directory, opened with O_PATH; `nil` if the process was gone.
    public let root: FileDescriptor?
    /// Effective user of the process.
    public let user: UInt32
    /// Why its frames can have no names, `nil` if they may have.
    public let unnamed: UnnamedReason?

    init(module: Module, file: consuming FileDescriptor?, process: Process, unnamed: UnnamedReason?) {
        id = module.id
        info = module.info
        self.file = file
        bytes = []
        self.process = process.key
        let status = process.readStatus()
        namespacePid = status?.namespacePid ?? process.key.pid
        user = status?.user ?? 0
        root = process.openRoot()
        self.unnamed = unnamed
    }

    init(vdso module: Module, bytes: [UInt8]) {
        id = module.id
        info = module.info
        file = nil
        self.bytes = bytes
        process = ProcessKey(pid: 0, start: 0)
        namespacePid = 0
        root = nil
        user = 0
        unnamed = nil
    }
}
