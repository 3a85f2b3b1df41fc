import Glibc
import Platform
import Symbols

/// The symbolizer's child as a program of its own, with ways to misbehave that tests need.
switch CommandLine.arguments.dropFirst().first {
case "serve": runSymbolizerChild(socket: 3)
case "refuse": exit(3)
case "escape":
    // Walks into each wall and prints what it met: `name=errno`, 0 for a wall that is not there.
    do {
        try SymbolizerSandbox.enter(socket: 2, scratch: 2)
    } catch {
        exit(1)
    }
    func report(_ name: String, _ result: Int32) {
        let line = Array("\(name)=\(result == -1 ? errno : 0)\n".utf8)
        _ = unsafe write(2, line, line.count)
    }
    report("open", unsafe open("/etc/passwd", O_RDONLY))
    report("socket", socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    report("kill", kill(getppid(), 0))
    report("fork", fork())
    report("dup", dup(2))
    report("write", Int32(truncatingIfNeeded: unsafe write(9, "x", 1)))
    report("pwrite", Int32(truncatingIfNeeded: unsafe pwrite(9, "x", 1, 0)))
    report("exec", unsafe execv("/bin/true", []))
    report("stdout", fcntl(1, F_GETFD))
    let memory = unsafe mmap(nil, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    report("exec-memory", unsafe memory == MAP_FAILED ? -1 : 0)
    exit(0)
default: exit(2)
}
