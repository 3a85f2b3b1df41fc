import Foundation
import Testing

@testable import Platform

/// The probe on this machine, against what the kernel's own files and tools say.
struct MachineProbeTests {
    let found = MachineProbe().run()

    static func text(_ path: String) -> String? {
        (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    static func status(_ key: String) throws -> String {
        let lines = try #require(text("/proc/self/status")).split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix(key + ":") })
        return line.dropFirst(key.count + 1).trimmingCharacters(in: .whitespaces)
    }

    @Test func capabilitiesAreThoseOfProc() throws {
        #expect(found.capabilities.effective == UInt64(try Self.status("CapEff"), radix: 16))
        #expect(found.capabilities.permitted == UInt64(try Self.status("CapPrm"), radix: 16))
    }

    /// Names, against capsh: every one it prints for our bits, and no other.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/sbin/capsh")))
    func capabilityNamesAreThoseOfCapsh() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/sbin/capsh")
        let bits = String(found.capabilities.effective, radix: 16)
        process.arguments = ["--decode=\(bits)"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let names = output.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: "=").dropFirst().joined()
        #expect(names == found.capabilities.effectiveNames.joined(separator: ","))
    }

    @Test func sysctlsAndLimits() throws {
        #expect(found.perfEventParanoid.map(String.init) == Self.text("/proc/sys/kernel/perf_event_paranoid"))
        #expect(found.perfEventMlockKiB.map(String.init) == Self.text("/proc/sys/kernel/perf_event_mlock_kb"))
        #expect(found.kptrRestrict.map(String.init) == Self.text("/proc/sys/kernel/kptr_restrict"))
        #expect(found.ptraceScope.map(String.init) == Self.text("/proc/sys/kernel/yama/ptrace_scope"))
        #expect(found.kernelRelease == Self.text("/proc/sys/kernel/osrelease"))
        let limits = try #require(Self.text("/proc/self/limits")).split(separator: "\n")
        func soft(_ name: String) throws -> String {
            let line = try #require(limits.first { $0.hasPrefix(name) })
            return String(try #require(line.dropFirst(name.count).split(separator: " ").first))
        }
        #expect(try soft("Max locked memory") == found.lockedMemory.soft.map(String.init) ?? "unlimited")
        #expect(try soft("Max open files") == found.openFiles.soft.map(String.init) ?? "unlimited")
    }

    @Test func cpusAndCgroups() throws {
        #expect(found.onlineCPUs.count == ProcessInfo.processInfo.activeProcessorCount)
        let mounts = try #require(Self.text("/proc/mounts")).split(separator: "\n").map { $0.split(separator: " ") }
        #expect(found.cgroupRoot == mounts.first { $0.count > 2 && $0[2] == "cgroup2" }.map { String($0[1]) })
    }

    /// Every ability has one finding; what is missing says how to get it, what is there needs nothing.
    @Test func findingsAreComplete() {
        #expect(found.findings.map(\.ability) == Ability.allCases)
        for finding in found.findings {
            #expect(!finding.detail.isEmpty)
            #expect(finding.isAvailable == finding.mend.isEmpty, "\(finding)")
        }
    }

    /// With CAP_PERFMON in force everything about cpu-clock works, whatever the sysctl says.
    @Test func perfFollowsTheCapability() {
        if found.capabilities.has(.perfmon) || found.capabilities.has(.sysAdmin) {
            #expect(found.can(.sampleEverything) && found.can(.sampleOwn) && found.can(.sampleKernel))
        } else if let level = found.perfEventParanoid {
            #expect(found.can(.sampleEverything) == (level < 0))
        }
        let devices = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/bus/event_source/devices")) ?? []
        #expect(found.can(.hardwareCycles) == devices.contains { $0.hasPrefix("cpu") || $0.hasPrefix("armv8") })
    }

    /// The same without capabilities: a child of another user, in which the probe must find less.
    @Test(.enabled(if: getuid() == 0)) func withoutPrivilege() async {
        await #expect(processExitsWith: .success) {
            guard setgid(65534) == 0, setuid(65534) == 0 else { exit(10) }
            let found = MachineProbe().run()
            if found.capabilities.effective != 0 { exit(11) }
            if found.can(.readMemory) || found.can(.readFiles) { exit(12) }
            if let level = found.perfEventParanoid, level >= 2 {
                if found.can(.sampleEverything) || found.can(.sampleKernel) { exit(13) }
                if level == 2, !found.can(.sampleOwn) { exit(14) }
                let finding = found.findings[0]
                if !finding.detail.contains("perf_event_paranoid is \(level)") { exit(15) }
                if !finding.mend.contains("CAP_PERFMON") { exit(16) }
            }
            if found.kptrRestrict ?? 0 > 0, found.can(.kernelSymbols) { exit(17) }
            exit(0)
        }
    }

    @Test(arguments: [
        ("0-3,8\n", [0, 1, 2, 3, 8]), ("0\n", [0]), ("", nil), ("3-1", nil), ("a", nil), ("0-99999", nil), ("1-", nil),
    ])
    func cpuLists(text: String, expected: [Int]?) { #expect(MachineProbe.parseCPUList(text) == expected) }

    /// A host as a folder: the probe believes the roots that it is given.
    @Test func fixtureRoots() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hearth-probe-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ path: String, _ text: String) throws {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try write("proc/sys/kernel/perf_event_paranoid", "4\n")
        try write("proc/sys/kernel/osrelease", "1.2.3-test\n")
        try write("proc/kallsyms", "0000000000000000 T _stext\n0000000000000000 T _text\n")
        try write(
            "proc/self/mountinfo",
            "25 30 0:23 / /sys rw - sysfs sysfs rw\n29 25 0:26 / /a\\040b rw,nosuid shared:4 - cgroup2 cgroup2 rw\n")
        try write("sys/devices/system/cpu/online", "0-1\n")
        let roots = ProcRoot(proc: folder.path + "/proc", sys: folder.path + "/sys")
        let found = MachineProbe(roots: roots).run()
        #expect(found.perfEventParanoid == 4)
        #expect(found.kernelRelease == "1.2.3-test")
        #expect(found.onlineCPUs == [0, 1])
        #expect(found.cgroupRoot == "/a b")
        #expect(!found.can(.kernelSymbols))
        #expect(!found.can(.tracepoints))
        try write("proc/kallsyms", "0000000000000000 A fixed\nffffffff81000000 T _stext\n")
        #expect(MachineProbe(roots: roots).run().can(.kernelSymbols))
        try write("proc/kallsyms", "")
        #expect(!MachineProbe(roots: roots).run().can(.kernelSymbols))
    }
}
