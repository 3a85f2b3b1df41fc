#define _GNU_SOURCE
#include "hearth_sandbox.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define HEARTH_AUDIT_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define HEARTH_AUDIT_ARCH AUDIT_ARCH_AARCH64
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), RETURN(SECCOMP_RET_ALLOW)
// Allowed unless the third argument asks for executable memory (low word; little-endian).
#define ALLOW_WITHOUT_EXEC(name)                                                                                       \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4), LOAD(args[2]),                                              \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), RETURN(SECCOMP_RET_ERRNO | EPERM),                      \
        RETURN(SECCOMP_RET_ALLOW)

// Allowed on one descriptor only, not on the files that are lent.
#define ALLOW_ON(name, number)                                                                                         \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4), LOAD(args[0]),                                              \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 1, 0), RETURN(SECCOMP_RET_ERRNO | EPERM),                        \
        RETURN(SECCOMP_RET_ALLOW)

static int install_filter(unsigned int scratch) {
    struct sock_filter rules[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, HEARTH_AUDIT_ARCH, 1, 0),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        ALLOW(pread64),
        ALLOW(recvmsg),
        ALLOW(sendmsg),
        ALLOW(close),
        ALLOW(brk),
        ALLOW(munmap),
        ALLOW(madvise),
        ALLOW(futex),
        ALLOW(fstat),
        ALLOW(clock_gettime),
        ALLOW(setitimer),
        ALLOW(read),
        ALLOW_ON(write, 2), // the last words of a crash
        ALLOW_ON(pwrite64, scratch),
        ALLOW(lseek),
        ALLOW(mremap),
        ALLOW(getrandom),
        ALLOW(rt_sigreturn),
        ALLOW(rt_sigprocmask),
        ALLOW(restart_syscall),
        ALLOW(exit),
        ALLOW(exit_group),
        ALLOW_WITHOUT_EXEC(mmap),
        ALLOW_WITHOUT_EXEC(mprotect),
        RETURN(SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {.len = sizeof rules / sizeof rules[0], .filter = rules};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

static int drop_capabilities(void) {
    // Dropping from the bounding set needs CAP_SETPCAP; without it no_new_privs and the missing execve do the same.
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    if (syscall(SYS_capset, &header, none) != 0) return -1;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return -1;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int limit(int resource, rlim_t value) {
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) return -1;
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value) value = now.rlim_max;
    struct rlimit wanted = {value, value};
    return setrlimit(resource, &wanted);
}

static int close_range_between(unsigned int low, unsigned int high) {
    return high <= low + 1 ? 0 : (int)syscall(SYS_close_range, low + 1, high - 1, 0);
}

static int close_all_but(unsigned int socket, unsigned int scratch) {
    for (unsigned int number = 0; number < 2; number++)
        if (number != socket && number != scratch) close((int)number);
    unsigned int low = socket < scratch ? socket : scratch;
    unsigned int high = socket < scratch ? scratch : socket;
    if (low < 2) low = 2;
    if (high < 2) high = 2;
    if (close_range_between(2, low) != 0 || close_range_between(low, high) != 0) return -1;
    return (int)syscall(SYS_close_range, high + 1, ~0u, 0);
}

int hearth_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

enum hearth_sandbox_step hearth_sandbox_enter(int socket, int scratch, uint64_t memory, uint64_t space) {
    (void)prctl(PR_SET_NAME, "hearth-symbols", 0, 0, 0);
    // Tables are built in large arrays that live for a moment: their memory goes back to the kernel at once.
    (void)mallopt(M_MMAP_THRESHOLD, 64 << 10);
    (void)mallopt(M_TRIM_THRESHOLD, 128 << 10);
    // A crash is to end the process at once: handlers of a language runtime would want to fork behind the walls.
    for (int number = 1; number < NSIG; number++) (void)signal(number, SIG_DFL);
    // Capabilities and filters are those of a thread. Sharing of memory can be undone by nobody but a single thread.
    if (unshare(CLONE_VM) != 0) return HEARTH_SANDBOX_THREADS;
    if (close_all_but((unsigned int)socket, (unsigned int)scratch) != 0) return HEARTH_SANDBOX_DESCRIPTORS;
    if (limit(RLIMIT_CORE, 0) != 0 || limit(RLIMIT_DATA, memory) != 0 || limit(RLIMIT_AS, space) != 0 ||
        limit(RLIMIT_NOFILE, 32) != 0 || limit(RLIMIT_NPROC, 0) != 0)
        return HEARTH_SANDBOX_LIMITS;
    if (drop_capabilities() != 0) return HEARTH_SANDBOX_CAPABILITIES;
    if (install_filter((unsigned int)scratch) != 0) return HEARTH_SANDBOX_FILTER;
    return HEARTH_SANDBOX_DONE;
}
