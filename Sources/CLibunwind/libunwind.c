#include "hearth_libunwind.h"
#include <libunwind.h>
#include <stddef.h>
#include <string.h>

// Not in the public header, but exported: the search that libunwind itself uses (src/dwarf/Gfind_proc_info-lsb.c).
extern int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t space, unw_word_t ip, unw_dyn_info_t *info,
                                              unw_proc_info_t *result, int need_unwind_info, void *arg);

// What went wrong last; libunwind turns most failures into one code.
struct walk {
    struct hearth_unwind_request *request;
    enum hearth_unwind_end failure;
    // Words of images read lately: libunwind reads tables byte by byte, each out of its aligned word.
    struct image_word { uint64_t key, value; } words[64];
};

static int read_image(struct walk *walk, uint64_t address, uint64_t *value) {
    // The upper half holds tables that stand for those of the last image only.
    if (address >> 63) return walk->request->read_image(walk->request->context, address, value);
    struct image_word *word = &walk->words[(address >> 3) % (sizeof walk->words / sizeof *walk->words)];
    // No image ends at the last address, so the key of an empty place belongs to no word.
    if (word->key != ~address) {
        if (!walk->request->read_image(walk->request->context, address, &word->value)) {
            word->key = 0;
            return 0;
        }
        word->key = ~address;
    }
    *value = word->value;
    return 1;
}

// UNW_ENOINFO makes libunwind follow the frame pointer; any other error makes it stop where it is.
static int no_rule(struct walk *walk) {
    walk->failure = walk->request->may_guess ? HEARTH_UNWIND_NO_INFO : HEARTH_UNWIND_NO_RULE;
    return walk->request->may_guess ? -UNW_ENOINFO : -UNW_EBADVERSION;
}

static int find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *info, int need_unwind_info,
                          void *arg) {
    struct walk *walk = arg;
    struct hearth_unwind_table table;
    if (!walk->request->find_table(walk->request->context, ip, &table)) return no_rule(walk);
    unw_dyn_info_t dynamic;
    memset(&dynamic, 0, sizeof dynamic);
    dynamic.start_ip = table.start;
    dynamic.end_ip = table.end;
    dynamic.format = UNW_INFO_FORMAT_REMOTE_TABLE;
    dynamic.u.rti.segbase = table.header;
    dynamic.u.rti.table_data = table.entries;
    dynamic.u.rti.table_len = table.entry_count * 8 / sizeof(unw_word_t);
    int result = _Ux86_64_dwarf_search_unwind_table(space, ip, &dynamic, info, need_unwind_info, arg);
    return result < 0 ? no_rule(walk) : result;
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *arg) {
    (void)space; (void)info; (void)arg;
}

static int get_dyn_info_list_addr(unw_addr_space_t space, unw_word_t *address, void *arg) {
    (void)space; (void)address; (void)arg;
    return -UNW_ENOINFO;
}

static int access_mem(unw_addr_space_t space, unw_word_t address, unw_word_t *value, int write, void *arg) {
    (void)space;
    struct walk *walk = arg;
    const struct hearth_unwind_request *request = walk->request;
    if (write) return -UNW_EINVAL;
    uint64_t offset = address - request->stack_start;
    if (offset < request->stack_size && request->stack_size - offset >= 8) {
        memcpy(value, request->stack + offset, 8);
        return 0;
    }
    uint64_t word;
    if (read_image(walk, address, &word)) {
        *value = word;
        return 0;
    }
    // The part of the address space around the dump tells a deep stack from a wild pointer: stacks are at most
    // a few MiB, so what lies within 64 MiB above is taken for the stack's own continuation.
    if (address >= request->stack_start + request->stack_size - 7 &&
        address - request->stack_start < (64u << 20))
        walk->failure = HEARTH_UNWIND_BEYOND_DUMP;
    else if (address < request->stack_start && request->stack_start - address < (64u << 20))
        walk->failure = HEARTH_UNWIND_BELOW_DUMP;
    else
        walk->failure = HEARTH_UNWIND_UNREADABLE;
    return -UNW_EINVAL;
}

static int access_reg(unw_addr_space_t space, unw_regnum_t number, unw_word_t *value, int write, void *arg) {
    (void)space;
    struct walk *walk = arg;
    if (write || number < 0 || number >= HEARTH_UNWIND_REGISTERS) return -UNW_EBADREG;
    *value = walk->request->registers[number];
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

void *hearth_unwind_space_create(void) {
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
    unw_addr_space_t space = unw_create_addr_space(&accessors, 0);
    if (!space) return NULL;
    unw_set_caching_policy(space, UNW_CACHE_GLOBAL);
    // An interpreter or a compiler has more hot addresses than the 128 that libunwind remembers by default.
    unw_set_cache_size(space, 512, 0);
    return space;
}

void hearth_unwind_space_destroy(void *space) { unw_destroy_addr_space(space); }

void hearth_unwind_space_flush(void *space) { unw_flush_cache(space, 0, 0); }

static enum hearth_unwind_end ending(int result, const struct walk *walk) {
    if (result == -UNW_EBADFRAME) return HEARTH_UNWIND_LOOP;
    return walk->failure != HEARTH_UNWIND_COMPLETE ? walk->failure : HEARTH_UNWIND_FAILED;
}

void hearth_unwind(void *space, struct hearth_unwind_request *request) {
    struct walk walk = {.request = request, .failure = HEARTH_UNWIND_COMPLETE};
    unw_cursor_t cursor;
    // The accessors read the request's registers for as long as the cursor lives: results are stored last.
    uint64_t registers[HEARTH_UNWIND_REGISTERS];
    memcpy(registers, request->registers, sizeof registers);
    request->count = 0;
    request->guessed = 0;
    unw_word_t below = 0;
    int result = unw_init_remote(&cursor, space, &walk);
    while (result >= 0) {
        unw_word_t pc = 0, sp = 0;
        unw_get_reg(&cursor, UNW_REG_IP, &pc);
        unw_get_reg(&cursor, UNW_REG_SP, &sp);
        if (request->count > 0 && pc != 0 && request->is_foreign(request->context, pc - 1)) {
            unw_word_t frame_pointer = 0;
            unw_get_reg(&cursor, UNW_X86_64_RBP, &frame_pointer);
            request->foreign_pc = pc;
            request->foreign_sp = sp;
            request->foreign_frame_pointer = frame_pointer;
            request->end = HEARTH_UNWIND_FOREIGN;
            request->error = 0;
            return;
        }
        // Callers lie above; signal handlers on other stacks are few. What leaves the copied stack reads nothing.
        if (request->count > 0 && (sp <= below || sp - request->stack_start > request->stack_size)) request->setbacks++;
        if (request->setbacks > HEARTH_UNWIND_SETBACKS) { request->end = HEARTH_UNWIND_LOOP; request->error = 0; return; }
        below = sp;
        if (request->count == request->capacity) { request->end = HEARTH_UNWIND_FULL; request->error = 0; return; }
        request->frames[request->count].pc = pc;
        request->frames[request->count].sp = sp;
        request->count++;
        walk.failure = HEARTH_UNWIND_COMPLETE;
        result = unw_step(&cursor);
        if (result == 0) {
            request->guessed = walk.failure == HEARTH_UNWIND_NO_INFO;
            request->end = HEARTH_UNWIND_COMPLETE;
            request->error = 0;
            return;
        }
    }
    request->end = ending(result, &walk);
    request->error = result;
    if (request->end == HEARTH_UNWIND_NO_RULE)
        for (int number = 0; number < HEARTH_UNWIND_REGISTERS; number++) {
            unw_word_t value = 0;
            unw_get_reg(&cursor, number, &value);
            registers[number] = value;
        }
    memcpy(request->registers, registers, sizeof registers);
}
