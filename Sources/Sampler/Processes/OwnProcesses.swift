import Glibc

extension SamplerSettings.Scope {
    /// The processes of this user that run now, as far as their threads fit: what may be sampled without a capability.
    ///
    /// This process comes first, because it may always sample itself and the rings hang on the first task.
    ///
    /// - Parameter limit: tasks at most; each takes a descriptor for each CPU.
    public static func own(procRoot: String, tasks limit: Int) -> SamplerSettings.Scope {
        var pids = [getpid()]
        var tasks = ProcFile.numbers(in: "\(procRoot)/\(getpid())/task").count
        for pid in ProcFile.numbers(in: procRoot) where pid != getpid() && isOwn("\(procRoot)/\(pid)") {
            tasks += ProcFile.numbers(in: "\(procRoot)/\(pid)/task").count
            if tasks > limit { break }
            pids.append(pid)
        }
        return .processes(pids)
    }

    /// Folders of processes that may not be looked into belong to root.
    private static func isOwn(_ folder: String) -> Bool {
        var status = stat()
        // SAFETY: the struct outlives the call, which fills it.
        return unsafe stat(folder, &status) == 0 && status.st_uid == geteuid()
    }
}
