// Calls that Swift cannot import: variadic system calls, ioctl numbers made by macros, ring barriers.
#pragma once
#include "hearth_memory.h"
#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int hearth_perf_event_open(struct perf_event_attr *attr, int pid, int cpu, int group, unsigned long flags) {
    return (int)syscall(SYS_perf_event_open, attr, pid, cpu, group, flags);
}

static inline int hearth_perf_enable(int fd) { return ioctl(fd, PERF_EVENT_IOC_ENABLE, 0); }
static inline int hearth_perf_disable(int fd) { return ioctl(fd, PERF_EVENT_IOC_DISABLE, 0); }
static inline int hearth_perf_set_output(int fd, int leader) { return ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, leader); }
static inline int hearth_perf_set_period(int fd, uint64_t period) { return ioctl(fd, PERF_EVENT_IOC_PERIOD, &period); }

// The protocol of the ring: perf_event.h, struct perf_event_mmap_page, data_head and data_tail.
static inline uint64_t hearth_ring_head(const struct perf_event_mmap_page *page) {
    return __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
}
static inline void hearth_ring_set_tail(struct perf_event_mmap_page *page, uint64_t tail) {
    __atomic_store_n(&page->data_tail, tail, __ATOMIC_RELEASE);
}

int hearth_openat2(int directory, const char *path, int flags, uint64_t resolve);
void hearth_set_thread_name(const char *name);

// Starts a program that waits before exec until something is written to the descriptor `gate`, which it gives back.
// Returns the pid, or -1 with errno. The exec's own failure is told by exit status 127.
int hearth_spawn_gated(char *const argv[], int *gate);

// Blocks SIGIO on the calling thread and returns a descriptor that it can poll for it, or -1 with errno.
int hearth_bell_open(void);
// Takes the pending signal, if there is one.
void hearth_bell_silence(int bell);
// Sends SIGIO to the calling thread at each sample of an event, or stops that. Returns 0, or -1 with errno.
int hearth_bell_attach(int event, int on);

// A range of a task's memory and where its copy goes.
struct hearth_piece {
    uint64_t address;
    void *target;
    uint64_t count;
};

// Copies at most 4 pieces by one process_vm_readv(2). Returns the bytes copied, or -1 with errno.
int64_t hearth_read_task(int task, const struct hearth_piece *pieces, int count);

static inline int hearth_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

// Asks for short waits on the calling thread: a small slice (EEVDF gives those an early deadline; needs no privilege)
// and, where it is allowed, a nice value. Returns 0 if the nice value was taken, -1 if only the slice could be.
int hearth_prefer_latency(int nice, uint64_t slice_ns);
