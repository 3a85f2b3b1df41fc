import Glibc
import Model
import Platform
import TestKit
import Testing

@testable import Sampler

/// Sequences of records over a /proc that is a folder of files.
struct ProcessTableTests {
    private final class Host {
        let folder: TemporaryDirectory
        let table: ProcessTable
        private(set) var retired: [UInt32] = []

        init() throws {
            folder = try TemporaryDirectory()
            table = ProcessTable(procRoot: folder.path, modules: .some(procRoot: folder.path), scope: .host)
            table.retire = { [unowned self] in retired.append($0.rawValue) }
        }

        /// A process that is there before the table is.
        func add(_ pid: Int32, parent: Int32 = 1, name: String, maps: String = "") throws {
            _ = unsafe mkdir(folder.appending("\(pid)"), 0o755)
            let tail = "S \(parent) 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 \(pid) 1000000 250 0 0 0"
            try folder.write(Array("\(pid) (\(name)) \(tail)".utf8), to: "\(pid)/stat")
            try folder.write(Array(maps.utf8), to: "\(pid)/maps")
            _ = unsafe symlink("/usr/bin/\(name) (deleted)", folder.appending("\(pid)/exe"))
        }

        /// Gives a thread a context as its first sample would.
        func sample(_ pid: Int32, _ tid: Int32, context: UInt32) {
            let process = table.process(pid)
            _ = process?.thread(tid)
            process?.setContext(ContextID(rawValue: context), thread: tid)
        }
    }

    /// Later than everything that was read from the folder.
    private let late: UInt64 = SystemTime().monotonic() + 1_000_000_000_000

    private func task(_ pid: Int32, parent: Int32, tid: Int32? = nil, after: UInt64 = 0) -> TaskRecord {
        TaskRecord(pid: pid, parent: parent, tid: tid ?? pid, time: late + after)
    }

    private func mapping(_ pid: Int32, _ start: UInt64, _ path: String, inode: UInt64) -> MappingRecord {
        MappingRecord(
            pid: pid, start: start, length: 0x1000, fileOffset: 0, identity: .inode(device: 1, inode: inode), path: path
        )
    }

    @Test func scan() throws {
        let host = try Host()
        try host.add(
            10, name: "a", maps: "1000-2000 r-xp 00000000 08:01 5 /usr/bin/a (deleted)\n3000-4000 rw-p 0 0:0 0\n")
        try host.add(2, name: "kthreadd")
        host.table.scan()
        #expect(host.table.processes.keys.sorted() == [2, 10])
        let process = try #require(host.table.processes[10])
        #expect(process.executable == "/usr/bin/a")
        #expect(process.key == ProcessKey(pid: 10, start: 10))
        #expect(process.maps.mappings.map(\.range) == [0x1000..<0x2000])
        #expect(process.maps.mappings.first?.module.info.path == "/usr/bin/a")
        #expect(host.table.process(0) == nil && host.table.process(-1) == nil && host.table.process(11) == nil)
    }

    /// fork, exec, thread, exit: what a shell does when it runs a program.
    @Test func life() throws {
        let host = try Host()
        try host.add(10, name: "sh", maps: "1000-2000 r-xp 00000000 08:01 5 /bin/sh\n")
        host.table.scan()
        host.table.fork(task(20, parent: 10))
        let child = try #require(host.table.processes[20])
        #expect(child.executable == "/usr/bin/sh" && child.name == "sh" && child.parent == 10)
        #expect(child.key == ProcessKey(pid: 20, start: late))
        #expect(child.maps.mappings.map(\.range) == [0x1000..<0x2000])
        host.sample(20, 20, context: 1)
        let before = child.generation
        host.table.apply(NameRecord(pid: 20, tid: 20, name: "ls", isExec: true), at: late + 1)
        #expect(host.retired == [1])
        #expect(child.maps.mappings.isEmpty && child.executable == "" && child.name == "ls")
        #expect(child.generation != before)
        host.table.apply(mapping(20, 0x5000, "/usr/bin/ls", inode: 6), at: late + 2)
        host.table.apply(mapping(20, 0x7000, "/lib/libc.so.6", inode: 7), at: late + 2)
        #expect(child.executable == "/usr/bin/ls")
        #expect(child.maps.mapping(at: 0x7fff)?.module.info.path == "/lib/libc.so.6")
        // The parent is what it was.
        #expect(host.table.processes[10]?.maps.mappings.map(\.range) == [0x1000..<0x2000])
        host.table.fork(task(20, parent: 20, tid: 21, after: 3))
        host.sample(20, 20, context: 2)
        host.sample(20, 21, context: 3)
        host.table.exit(task(20, parent: 10, tid: 21, after: 4))
        #expect(host.retired == [1, 3])
        host.table.exit(task(20, parent: 10, after: 5))
        // Samples of its last moments still find it.
        host.table.bury(before: late + 6)
        #expect(host.table.processes[20] === child)
        host.table.bury(before: late + 2_000_000_000)
        #expect(host.table.processes[20] == nil)
        #expect(host.retired == [1, 3, 2])
    }

    /// Records that are older than what was read from /proc are in it already.
    @Test func oldRecords() throws {
        let host = try Host()
        try host.add(10, name: "a", maps: "1000-2000 r-xp 00000000 08:01 5 /usr/bin/a\n")
        host.table.scan()
        host.table.apply(mapping(10, 0x1000, "/usr/bin/old", inode: 9), at: 5)
        host.table.apply(NameRecord(pid: 10, tid: 10, name: "old", isExec: true), at: 5)
        host.table.exit(TaskRecord(pid: 10, parent: 1, tid: 10, time: 5))
        host.table.fork(TaskRecord(pid: 10, parent: 1, tid: 10, time: 5))
        host.table.bury(before: .max)
        let process = try #require(host.table.processes[10])
        #expect(process.name == "a")
        #expect(process.maps.mappings.map(\.module.info.path) == ["/usr/bin/a"])
    }

    /// A pid that comes back before the burial of its last owner: a new process, and no context is forgotten.
    @Test func reusedPid() throws {
        let host = try Host()
        try host.add(10, name: "sh")
        host.table.scan()
        host.table.fork(task(20, parent: 10))
        host.sample(20, 20, context: 1)
        host.table.exit(task(20, parent: 10, after: 10))
        host.table.fork(task(20, parent: 10, after: 20))
        #expect(host.retired == [1])
        host.table.bury(before: .max)
        #expect(host.table.processes[20]?.key == ProcessKey(pid: 20, start: late + 20))
    }

    /// A main thread that ends first leaves its process to the other threads.
    @Test func firstThreadEndsFirst() throws {
        let host = try Host()
        try host.add(10, name: "a")
        host.table.scan()
        for tid in [10, 11] as [Int32] {
            host.sample(10, tid, context: UInt32(tid))
            _ = unsafe mkdir(host.folder.appending("10/task"), 0o755)
            _ = unsafe mkdir(host.folder.appending("10/task/\(tid)"), 0o755)
        }
        let process = try #require(host.table.processes[10])
        host.table.exit(task(10, parent: 1))
        host.table.bury(before: late + 5_000_000_000)
        #expect(host.table.processes[10] === process)
        host.table.exit(task(10, parent: 1, tid: 11, after: 6_000_000_000))
        #expect(host.retired == [11])
        host.table.bury(before: late + 7_000_000_000)
        #expect(host.table.processes[10] == nil)
        #expect(host.retired == [11, 10])
    }

    /// Contexts state the name of the process: renaming the first thread ends those of all threads, each once.
    @Test func renaming() throws {
        let host = try Host()
        try host.add(10, name: "a")
        host.table.scan()
        for tid in 10...13 as ClosedRange<Int32> { host.sample(10, tid, context: UInt32(tid)) }
        host.table.apply(NameRecord(pid: 10, tid: 12, name: "worker", isExec: false), at: late)
        #expect(host.retired == [12])
        host.table.apply(NameRecord(pid: 10, tid: 10, name: "b", isExec: false), at: late)
        #expect(host.retired.sorted() == [10, 11, 12, 13])
        #expect(host.table.processes[10]?.threads[12]?.name == "worker")
        #expect(host.table.processes[10]?.name == "b")
    }

    /// Ranges that no kernel would send.
    @Test func hostileMappings() throws {
        let host = try Host()
        try host.add(10, name: "a")
        host.table.scan()
        var record = mapping(10, .max - 0x10, "/x", inode: 5)
        host.table.apply(record, at: late)
        record.length = 0
        host.table.apply(record, at: late)
        #expect(host.table.processes[10]?.maps.mappings.isEmpty == true)
    }

    /// Anonymous code of one process is one module, and not that of another.
    @Test func jitCode() throws {
        let host = try Host()
        for pid in [10, 11] as [Int32] { try host.add(pid, name: "java") }
        host.table.scan()
        for (pid, start) in [(10, 0x1000), (10, 0x3000), (11, 0x1000)] as [(Int32, UInt64)] {
            host.table.apply(
                MappingRecord(
                    pid: pid, start: start, length: 0x1000, fileOffset: 0, identity: .anonymous, path: "//anon"),
                at: late)
        }
        let one = try #require(host.table.processes[10]?.maps.mappings)
        let other = try #require(host.table.processes[11]?.maps.mappings)
        #expect(one.count == 2 && one[0].module === one[1].module)
        #expect(one[0].module !== other[0].module)
        #expect(one[0].module.info.kind == .jit)
    }
}
