// Calls of the machine probe that Swift cannot import: capget has no header in glibc, bpf has no wrapper.
#pragma once
#include <linux/capability.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// The capability sets of the calling process; capget(2), version 3: two words of 32 bits each.
static inline int hearth_capget(uint64_t *effective, uint64_t *permitted) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    if (syscall(SYS_capget, &header, data) != 0) return -1;
    *effective = (uint64_t)data[1].effective << 32 | data[0].effective;
    *permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
    return 0;
}

// Loads a kprobe program of two instructions (r0 = 0; exit) and returns its descriptor: what uprobes through BPF need.
int hearth_bpf_try(void);
