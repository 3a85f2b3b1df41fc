/// Where a sample was taken: everything about it but the stack. Interned by the store.
public struct SampleContext: Hashable, Sendable {
    /// Target as operators name it (unit, else container, else executable, after the rules of the configuration).
    public var target: String
    /// The process.
    public var process: ProcessKey
    /// The thread's id in the namespace of the daemon.
    public var tid: Int32
    /// Name of the thread (its comm).
    public var thread: String
    /// Name of the process (comm of the main thread).
    public var comm: String
    /// Path of the executable, empty if unknown.
    public var executable: String
    /// systemd unit, empty if none.
    public var unit: String
    /// Container id (64 hexadecimal digits, or the runtime's own short form), empty if none.
    public var container: String
    /// Name of the managed runtime, empty if none is known.
    public var runtime: String

    /// A context; what is unknown stays empty.
    public init(
        target: String, process: ProcessKey, tid: Int32, thread: String, comm: String, executable: String = "",
        unit: String = "", container: String = "", runtime: String = ""
    ) {
        self.target = target
        self.process = process
        self.tid = tid
        self.thread = thread
        self.comm = comm
        self.executable = executable
        self.unit = unit
        self.container = container
        self.runtime = runtime
    }
}
