#define _GNU_SOURCE
#include "hearth_platform.h"
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/uio.h>

int hearth_openat2(int directory, const char *path, int flags, uint64_t resolve) {
    struct open_how how;
    memset(&how, 0, sizeof how);
    how.flags = (uint64_t)flags;
    how.resolve = resolve;
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}



int hearth_bell_open(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGIO);
    int result = pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (result == 0) return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    errno = result;
    return -1;
}

void hearth_bell_silence(int bell) {
    struct signalfd_siginfo information;
    ssize_t count = read(bell, &information, sizeof information);
    (void)count;
}

int hearth_bell_attach(int event, int on) {
    struct f_owner_ex owner = {F_OWNER_TID, gettid()};
    if (on && fcntl(event, F_SETOWN_EX, &owner) != 0) return -1;
    int flags = fcntl(event, F_GETFL);
    if (flags < 0) return -1;
    return fcntl(event, F_SETFL, on ? flags | O_ASYNC : flags & ~O_ASYNC) < 0 ? -1 : 0;
}

int64_t hearth_read_task(int task, const struct hearth_piece *pieces, int count) {
    struct iovec local[4], remote[4];
    if (count < 1 || count > 4) {
        errno = EINVAL;
        return -1;
    }
    for (int index = 0; index < count; index++) {
        local[index] = (struct iovec){pieces[index].target, pieces[index].count};
        remote[index] = (struct iovec){(void *)(uintptr_t)pieces[index].address, pieces[index].count};
    }
    return process_vm_readv(task, local, (unsigned long)count, remote, (unsigned long)count, 0);
}

void hearth_set_thread_name(const char *name) { prctl(PR_SET_NAME, name); }

static void run_gated(char *const argv[], int gate) {
    char byte;
    if (read(gate, &byte, 1) != 1) _exit(125);
    // A Swift program ignores SIGPIPE; the command must not inherit that.
    signal(SIGPIPE, SIG_DFL);
    // Nor the mask of the thread that started it: threads of the cooperative pool block nearly all signals.
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(argv[0], argv);
    perror(argv[0]);
    _exit(errno == ENOENT ? 127 : 126);
}

int hearth_spawn_gated(char *const argv[], int *gate) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    int pid = fork();
    if (pid == 0) {
        close(ends[1]);
        run_gated(argv, ends[0]);
    }
    int error = errno;
    close(ends[0]);
    if (pid < 0) {
        close(ends[1]);
        errno = error;
        return -1;
    }
    *gate = ends[1];
    return pid;
}

// include/uapi/linux/sched/types.h, version 0, which glibc 2.36 does not declare.
struct hearth_sched_attr {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime;
    uint64_t deadline;
    uint64_t period;
};

int hearth_prefer_latency(int nice, uint64_t slice_ns) {
    struct hearth_sched_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.size = sizeof attr;
    attr.nice = nice;
    attr.runtime = slice_ns;
    if (syscall(SYS_sched_setattr, 0, &attr, 0) == 0) return 0;
    attr.nice = 0;
    syscall(SYS_sched_setattr, 0, &attr, 0);
    return -1;
}
