import Glibc
import Platform

/// What the kernel itself accounts to processes: the truth that sampled CPU time is held against.
public enum KernelAccounting {
    /// utime + stime of a process, with its threads that ended, in nanoseconds; the grain is a tick of 10 ms
    /// (proc_pid_stat(5), fields 14 and 15).
    public static func tickNanoseconds(of pid: Int32) throws -> UInt64 {
        let text = try read("/proc/\(pid)/stat")
        guard let close = text.lastIndex(of: ")") else { throw CommandFailure(description: "odd stat: \(text)") }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 12, let user = UInt64(fields[11]), let system = UInt64(fields[12]) else {
            throw CommandFailure(description: "odd stat: \(text)")
        }
        return (user + system) * (1_000_000_000 / UInt64(sysconf(Int32(_SC_CLK_TCK))))
    }

    /// Time on CPU of all living threads of a process, in exact nanoseconds (sum_exec_runtime, the first field of
    /// each schedstat); threads that ended are not in it.
    public static func runNanoseconds(of pid: Int32) throws -> UInt64 {
        try threads(of: pid).reduce(0) { sum, thread in
            guard let text = try? read("/proc/\(pid)/task/\(thread)/schedstat") else { return sum }
            return sum + (text.split(separator: " ").first.flatMap { UInt64($0) } ?? 0)
        }
    }

    /// Thread ids of a process.
    public static func threads(of pid: Int32) throws -> [Int32] {
        let found = folderEntries("/proc/\(pid)/task").compactMap { Int32($0) }
        if found.isEmpty { throw Errno(ESRCH) }
        return found.sorted()
    }

    private static func read(_ path: String) throws -> String {
        String(decoding: try FileDescriptor.open(path).readAll(), as: UTF8.self)
    }
}
