#include "hearth_peers.h"
#include <libunwind.h>
#include <stdlib.h>
#include <string.h>

// Not in the public header, but exported: the search that libunwind itself uses (src/dwarf/Gfind_proc_info-lsb.c).
extern int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t space, unw_word_t ip, unw_dyn_info_t *info,
                                              unw_proc_info_t *result, int need_unwind_info, void *arg);

// Tables that are not in the target are read at addresses that no process has.
static const uint64_t INDEX_BASE = UINT64_C(1) << 63;

struct peer {
    unw_addr_space_t space;
    const struct peer_module *modules, *last;   // sorted by start
    uint64_t count;
    const struct peer_sample *sample;
};

static const struct peer_module *module_at(struct peer *peer, uint64_t address) {
    if (peer->last && address >= peer->last->start && address < peer->last->end) return peer->last;
    uint64_t low = 0, high = peer->count;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (peer->modules[middle].end <= address) low = middle + 1;
        else high = middle;
    }
    if (low == peer->count || address < peer->modules[low].start) return NULL;
    return peer->last = &peer->modules[low];
}

static int read_module(const struct peer_module *module, uint64_t address, unw_word_t *value) {
    uint64_t place = address - module->bias;
    for (uint32_t index = 0; index < module->segment_count; index++) {
        const struct peer_segment *segment = &module->segments[index];
        uint64_t within = place - segment->address;
        if (within < segment->size && segment->size - within >= 8) {
            memcpy(value, module->bytes + segment->offset + within, 8);
            return 1;
        }
    }
    return 0;
}

static int access_mem(unw_addr_space_t space, unw_word_t address, unw_word_t *value, int write, void *arg) {
    (void)space;
    struct peer *peer = arg;
    if (write) return -UNW_EINVAL;
    uint64_t offset = address - peer->sample->stack_start;
    if (offset < peer->sample->stack_size && peer->sample->stack_size - offset >= 8) {
        memcpy(value, peer->sample->stack + offset, 8);
        return 0;
    }
    if (address >= INDEX_BASE && peer->last && peer->last->index && address - INDEX_BASE < peer->last->entry_count * 8) {
        *value = peer->last->index[(address - INDEX_BASE) / 8];
        return 0;
    }
    // Tables lie in other mappings of the file than its code: the last file is tried by its bias first.
    if (peer->last && read_module(peer->last, address, value)) return 0;
    const struct peer_module *module = module_at(peer, address);
    if (module) return read_module(module, address, value) ? 0 : -UNW_EINVAL;
    // An expression of a rule that is remembered, in the tables of another file.
    for (uint64_t index = 0; index < peer->count; index++)
        if (read_module(&peer->modules[index], address, value)) return 0;
    return -UNW_EINVAL;
}

static int find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *info, int need_unwind_info,
                          void *arg) {
    const struct peer_module *module = module_at(arg, ip);
    if (!module || module->entry_count == 0) return -UNW_ENOINFO;
    unw_dyn_info_t dynamic;
    memset(&dynamic, 0, sizeof dynamic);
    dynamic.start_ip = module->start;
    dynamic.end_ip = module->end;
    dynamic.format = UNW_INFO_FORMAT_REMOTE_TABLE;
    dynamic.u.rti.segbase = module->header + module->bias;
    dynamic.u.rti.table_data = module->index ? INDEX_BASE : module->entries + module->bias;
    dynamic.u.rti.table_len = module->entry_count * 8 / sizeof(unw_word_t);
    return _Ux86_64_dwarf_search_unwind_table(space, ip, &dynamic, info, need_unwind_info, arg);
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *arg) {
    (void)space; (void)info; (void)arg;
}

static int get_dyn_info_list_addr(unw_addr_space_t space, unw_word_t *address, void *arg) {
    (void)space; (void)address; (void)arg;
    return -UNW_ENOINFO;
}

static int access_reg(unw_addr_space_t space, unw_regnum_t number, unw_word_t *value, int write, void *arg) {
    (void)space;
    if (write || number < 0 || number > 16) return -UNW_EBADREG;
    *value = ((struct peer *)arg)->sample->registers[number];
    return 0;
}

static int access_fpreg(unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value, int write, void *arg) {
    (void)space; (void)number; (void)value; (void)write; (void)arg;
    return -UNW_EBADREG;
}

static int resume(unw_addr_space_t space, unw_cursor_t *cursor, void *arg) {
    (void)space; (void)cursor; (void)arg;
    return -UNW_EINVAL;
}

static int get_proc_name(unw_addr_space_t space, unw_word_t address, char *name, size_t size, unw_word_t *offset,
                         void *arg) {
    (void)space; (void)address; (void)name; (void)size; (void)offset; (void)arg;
    return -UNW_ENOINFO;
}

void *peer_libunwind_create(const struct peer_module *modules, uint64_t count) {
    unw_accessors_t accessors = {
        .find_proc_info = find_proc_info,
        .put_unwind_info = put_unwind_info,
        .get_dyn_info_list_addr = get_dyn_info_list_addr,
        .access_mem = access_mem,
        .access_reg = access_reg,
        .access_fpreg = access_fpreg,
        .resume = resume,
        .get_proc_name = get_proc_name,
    };
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer) return NULL;
    peer->modules = modules;
    peer->count = count;
    peer->space = unw_create_addr_space(&accessors, 0);
    // Measured best of its policies and sizes.
    unw_set_caching_policy(peer->space, UNW_CACHE_GLOBAL);
    unw_set_cache_size(peer->space, 512, 0);
    return peer;
}

uint32_t peer_libunwind(void *context, const struct peer_sample *sample, uint64_t *pcs, uint32_t capacity) {
    struct peer *peer = context;
    peer->sample = sample;
    unw_cursor_t cursor;
    uint32_t count = 0;
    if (unw_init_remote(&cursor, peer->space, peer) < 0) return 0;
    do {
        unw_word_t pc = 0;
        unw_get_reg(&cursor, UNW_REG_IP, &pc);
        if (pc == 0) break;
        pcs[count++] = pc;
    } while (count < capacity && unw_step(&cursor) > 0);
    return count;
}

void peer_libunwind_destroy(void *context) {
    unw_destroy_addr_space(((struct peer *)context)->space);
    free(context);
}
