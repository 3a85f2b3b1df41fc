// libunwind over a copied stack: its calls are macros that Swift cannot import, and its accessors want C functions.
#pragma once
#include <stdint.h>

#define HEARTH_UNWIND_REGISTERS 17

// Where the unwind table of the code at an address lies, in addresses of the process.
struct hearth_unwind_table {
    uint64_t start;         // first address of the mapping
    uint64_t end;           // first address behind it
    uint64_t header;        // what the table's offsets count from
    uint64_t entries;       // the sorted table of .eh_frame_hdr, or one like it
    uint64_t entry_count;   // pairs of two 32-bit words
};

// Steps that do not lead upwards, of one stack; more are a loop.
#define HEARTH_UNWIND_SETBACKS 64

enum hearth_unwind_end {
    HEARTH_UNWIND_COMPLETE = 0,
    HEARTH_UNWIND_BEYOND_DUMP,     // a word above the copied stack was needed
    HEARTH_UNWIND_BELOW_DUMP,      // a word below the stack pointer was needed
    HEARTH_UNWIND_UNREADABLE,      // a word of the image could not be read
    HEARTH_UNWIND_NO_INFO,         // no table covers the address, and the frame pointer did not help
    HEARTH_UNWIND_LOOP,            // a frame did not get nearer to the root
    HEARTH_UNWIND_FULL,            // more frames than there is room for
    HEARTH_UNWIND_FAILED,          // any other error of libunwind
    HEARTH_UNWIND_NO_RULE,         // the last frame has no rule and `may_guess` is 0: its registers are in `registers`
    HEARTH_UNWIND_FOREIGN,         // the next frame is not ours: see `foreign_pc`
};

struct hearth_unwind_frame {
    uint64_t pc;
    uint64_t sp;
};

struct hearth_unwind_request {
    uint64_t registers[HEARTH_UNWIND_REGISTERS];   // in and out, in DWARF order: rax rdx rcx rbx rsi rdi rbp rsp r8…r15 rip
    uint32_t may_guess;                            // 1: follow the frame pointer where there is no rule
    uint64_t stack_start;
    uint64_t stack_size;
    const uint8_t *stack;
    void *context;
    // The 8 bytes at an address of the image that covers it: 1, or 0 if they cannot be read.
    int (*read_image)(void *context, uint64_t address, uint64_t *value);
    // 1 and the table that covers pc, 0 if there is none.
    int (*find_table)(void *context, uint64_t pc, struct hearth_unwind_table *table);

    // 1 if the code at pc belongs to a runtime that reads its own frames.
    int (*is_foreign)(void *context, uint64_t pc);

    struct hearth_unwind_frame *frames;            // out, leaf first
    uint32_t capacity;
    uint32_t count;                                // out
    uint32_t setbacks;                             // in and out: steps that did not lead upwards within the copied stack
    uint32_t end;                                  // out: enum hearth_unwind_end
    uint64_t foreign_frame_pointer;                // out: rbp of the first frame that is not ours, whose pc and sp are
    uint64_t foreign_pc;                           // these
    uint64_t foreign_sp;
    uint32_t guessed;                              // out: 1 if the last frame had no rule
    int32_t error;                                 // out: libunwind's own code, 0 when complete
};

// An address space with its own cache of rules: one for each process image, since the cache is keyed by address only.
void *hearth_unwind_space_create(void);
void hearth_unwind_space_destroy(void *space);
void hearth_unwind_space_flush(void *space);
void hearth_unwind(void *space, struct hearth_unwind_request *request);
