// libunwind and libdwfl over copied stacks, each used as well as it can be: what the native engine is measured against.
#pragma once
#include <stdint.h>
#include <sys/types.h>

struct peer_segment {
    uint64_t address, offset, size;     // address in the image, offset in the file, bytes in the file
};

struct peer_module {
    uint64_t start, end;                // executable mapping, addresses of the process
    uint64_t bias;                      // address in the process minus address in the image
    const uint8_t *bytes;               // the whole file, mapped
    uint64_t size;
    struct peer_segment segments[16];
    uint32_t segment_count;
    uint64_t header, entries, entry_count;  // .eh_frame_hdr and its table as addresses in the image; 0 pairs: none
    const uint64_t *index;              // the table itself where the image has none
};

struct peer_sample {
    const uint64_t *registers;          // 17, in DWARF order
    const uint8_t *stack;
    uint64_t stack_start, stack_size;
};

// Both return the number of frames and write their pcs, leaf first.
void *peer_libunwind_create(const struct peer_module *modules, uint64_t count);
uint32_t peer_libunwind(void *peer, const struct peer_sample *sample, uint64_t *pcs, uint32_t capacity);
void peer_libunwind_destroy(void *peer);

// NULL if libdwfl cannot report the process, which must not run until the peer is destroyed.
void *peer_dwfl_create(pid_t pid);
uint32_t peer_dwfl(void *peer, const struct peer_sample *sample, uint64_t *pcs, uint32_t capacity);
void peer_dwfl_destroy(void *peer);
