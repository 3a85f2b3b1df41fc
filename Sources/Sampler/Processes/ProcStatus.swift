/// Lines of `/proc/PID/status` (fs/proc/array.c, `proc_pid_status`) that Hearth uses.
struct ProcStatus: Hashable {
    /// Effective user id.
    var user: UInt32 = 0
    /// The pid in the innermost pid namespace.
    var namespacePid: Int32 = 0

    init?(_ text: [UInt8]) {
        for line in text.split(separator: UInt8(ascii: "\n")) {
            // 60 lines, of which two are wanted: text is made of those alone.
            guard line.first == UInt8(ascii: "U") || line.first == UInt8(ascii: "N") else { continue }
            let line = String(decoding: line, as: UTF8.self)
            let fields = line.split { $0 == "\t" || $0 == " " }
            if line.hasPrefix("Uid:"), fields.count >= 3 { user = UInt32(fields[2]) ?? 0 }
            if line.hasPrefix("NSpid:"), let last = fields.last { namespacePid = Int32(last) ?? 0 }
        }
        if namespacePid == 0 { return nil }
    }
}

/// Fields of `/proc/PID/stat` (proc(5)) behind the name in parentheses, which may hold any character.
struct ProcStat: Hashable {
    var name: String
    var parent: Int32
    /// Kernel threads have PF_KTHREAD (0x00200000, include/linux/sched.h) among their flags.
    var isKernelThread: Bool
    /// Field 22: start in clock ticks after boot.
    var startTime: UInt64
    /// Field 24: resident set in pages.
    var residentPages: UInt64

    init?(_ text: [UInt8]) {
        guard let open = text.firstIndex(of: UInt8(ascii: "(")), let close = text.lastIndex(of: UInt8(ascii: ")")),
            open < close
        else { return nil }
        name = String(decoding: text[(open + 1)..<close], as: UTF8.self)
        let fields = text[(close + 1)...].split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
            .map { String(decoding: $0, as: UTF8.self) }
        guard fields.count >= 22, let parent = Int32(fields[1]), let flags = UInt64(fields[6]),
            let start = UInt64(fields[19])
        else { return nil }
        self.parent = parent
        isKernelThread = flags & 0x0020_0000 != 0
        startTime = start
        residentPages = UInt64(fields[21]) ?? 0
    }
}
