#include "hearth_peers.h"
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>

struct peer {
    Dwfl *dwfl;
    pid_t pid;
    const struct peer_sample *sample;
    uint64_t *pcs;
    uint32_t count, capacity;
};

// Separate debug files are not looked for: .eh_frame is in every binary.
static int find_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, const char *file,
                          const char *link, GElf_Word crc, char **found) {
    (void)module; (void)data; (void)name; (void)base; (void)file; (void)link; (void)crc; (void)found;
    return -1;
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_linux_proc_find_elf,
    .find_debuginfo = find_debuginfo,
};

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread) {
    (void)dwfl;
    if (*thread) return 0;
    *thread = arg;
    return ((struct peer *)arg)->pid;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread) {
    (void)dwfl; (void)tid;
    *thread = arg;
    return true;
}

static bool memory_read(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *result, void *arg) {
    (void)dwfl;
    const struct peer_sample *sample = ((struct peer *)arg)->sample;
    uint64_t offset = address - sample->stack_start;
    if (offset >= sample->stack_size || sample->stack_size - offset < 8) return false;
    memcpy(result, sample->stack + offset, 8);
    return true;
}

static bool set_initial_registers(Dwfl_Thread *thread, void *arg) {
    const struct peer_sample *sample = ((struct peer *)arg)->sample;
    Dwarf_Word registers[17];
    memcpy(registers, sample->registers, sizeof registers);
    return dwfl_thread_state_registers(thread, 0, 17, registers);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
    .next_thread = next_thread,
    .get_thread = get_thread,
    .memory_read = memory_read,
    .set_initial_registers = set_initial_registers,
};

void *peer_dwfl_create(pid_t pid) {
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer) return NULL;
    peer->pid = pid;
    peer->dwfl = dwfl_begin(&callbacks);
    if (peer->dwfl && dwfl_linux_proc_report(peer->dwfl, pid) == 0 &&
        dwfl_report_end(peer->dwfl, NULL, NULL) == 0 &&
        dwfl_attach_state(peer->dwfl, NULL, pid, &thread_callbacks, peer))
        return peer;
    peer_dwfl_destroy(peer);
    return NULL;
}

static int take(Dwfl_Frame *frame, void *arg) {
    struct peer *peer = arg;
    Dwarf_Addr pc;
    bool is_activation;
    if (peer->count == peer->capacity || !dwfl_frame_pc(frame, &pc, &is_activation)) return DWARF_CB_ABORT;
    peer->pcs[peer->count++] = pc;
    return DWARF_CB_OK;
}

uint32_t peer_dwfl(void *context, const struct peer_sample *sample, uint64_t *pcs, uint32_t capacity) {
    struct peer *peer = context;
    peer->sample = sample;
    peer->pcs = pcs;
    peer->capacity = capacity;
    peer->count = 0;
    dwfl_getthread_frames(peer->dwfl, peer->pid, take, peer);
    return peer->count;
}

void peer_dwfl_destroy(void *context) {
    struct peer *peer = context;
    if (peer->dwfl) dwfl_end(peer->dwfl);
    free(peer);
}
