// The walls around the symbolizer's process, and the messages that carry open descriptors through them.
#pragma once
#include <linux/openat2.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// The step of hearth_sandbox_enter that failed.
enum hearth_sandbox_step {
    HEARTH_SANDBOX_DONE = 0,
    HEARTH_SANDBOX_THREADS,
    HEARTH_SANDBOX_DESCRIPTORS,
    HEARTH_SANDBOX_LIMITS,
    HEARTH_SANDBOX_CAPABILITIES,
    HEARTH_SANDBOX_FILTER,
};

// Gives up for good: every descriptor but `socket`, `scratch` and 2, every capability, core dumps, more than `memory`
// bytes of memory of its own, more than `space` bytes of address space, which includes files that are mapped for
// reading, and every system call that is not needed to answer; `scratch` is the one file that can be written. Returns
// the step that failed (errno is set) or 0.
enum hearth_sandbox_step hearth_sandbox_enter(int socket, int scratch, uint64_t memory, uint64_t space);

// O_PATH, which Swift does not see: open a directory to name it only (asm-generic/fcntl.h).
static const int hearth_open_path = 010000000;

// O_TMPFILE, another one: a file without a name in a folder (asm-generic/fcntl.h, with O_DIRECTORY).
static const int hearth_open_temporary = 020000000 | 0200000;

// memfd_create with close-on-exec.
int hearth_memory_file(const char *name);

// sendmsg with descriptors; never raises SIGPIPE. Returns the bytes sent or -1.
ssize_t hearth_send_message(int socket, const void *bytes, size_t size, const int *descriptors, int count);

// recvmsg of one message and its descriptors (close-on-exec). `*count` holds the capacity, then the number received.
// A message or a set of descriptors that was cut is refused with EMSGSIZE and its descriptors are closed. 0: the other
// end is gone.
ssize_t hearth_receive_message(int socket, void *bytes, size_t size, int *descriptors, int *count);
