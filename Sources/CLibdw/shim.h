// libdw over bytes that are in memory, with entries named by their offset in .debug_info: no pointer into libdw's own
// memory reaches the caller but the handle. libdw opens nothing here: the image has no descriptor and no path.
#pragma once
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct hearth_dwarf {
    Elf *elf;
    Dwarf *dwarf;
};

// A unit's header. `next` is the offset of the next one.
struct hearth_dwarf_unit {
    uint64_t next, entry;
};

// What a tag means to the search for code.
enum hearth_dwarf_role {
    HEARTH_DWARF_OTHER,    // no code of its own; what is nested may have some
    HEARTH_DWARF_FUNCTION, // DW_TAG_subprogram
    HEARTH_DWARF_INLINED,  // DW_TAG_inlined_subroutine
    HEARTH_DWARF_BLOCK,    // a scope inside a function
    HEARTH_DWARF_LEAF,     // never holds code
};

// Where a walk in the order of the file goes on from an entry.
struct hearth_dwarf_step {
    uint64_t next;  // offset of the entry that follows
    int32_t depth;  // its depth minus that of the entry
};

// Every call answers 0 for yes, 1 for "there is none", −1 for what is damaged or refers to another file.
enum { HEARTH_DWARF_YES = 0, HEARTH_DWARF_NONE = 1, HEARTH_DWARF_BAD = -1 };

// A handle on an ELF image in memory, which must stay where it is until hearth_dwarf_close; NULL if it is damaged.
static inline struct hearth_dwarf *hearth_dwarf_open(const void *image, size_t size) {
    if (elf_version(EV_CURRENT) == EV_NONE) return NULL;
    struct hearth_dwarf *handle = calloc(1, sizeof *handle);
    if (!handle) return NULL;
    // libelf writes to images that it was asked to change only; this one is mapped for reading.
    handle->elf = elf_memory((char *)image, size);
    if (handle->elf) handle->dwarf = dwarf_begin_elf(handle->elf, DWARF_C_READ, NULL);
    if (handle->dwarf) return handle;
    if (handle->elf) elf_end(handle->elf);
    free(handle);
    return NULL;
}

static inline void hearth_dwarf_close(struct hearth_dwarf *handle) {
    dwarf_end(handle->dwarf);
    elf_end(handle->elf);
    free(handle);
}

// Frees all that was decoded. Sections that were unpacked belong to the ELF handle and stay. Where memory has run out
// every later call answers −1.
static inline void hearth_dwarf_restart(struct hearth_dwarf *handle) {
    dwarf_end(handle->dwarf);
    handle->dwarf = dwarf_begin_elf(handle->elf, DWARF_C_READ, NULL);
}

// The unit at an offset.
static inline int hearth_dwarf_unit(const struct hearth_dwarf *handle, uint64_t offset, struct hearth_dwarf_unit *unit) {
    Dwarf_Off next = 0;
    size_t header = 0;
    Dwarf_Half version = 0;
    int result = dwarf_next_unit(handle->dwarf, offset, &next, &header, &version, NULL, NULL, NULL, NULL, NULL);
    if (result != 0) return result > 0 ? HEARTH_DWARF_NONE : HEARTH_DWARF_BAD;
    if (next <= offset || header >= next - offset) return HEARTH_DWARF_BAD;
    unit->next = next;
    unit->entry = offset + header;
    return HEARTH_DWARF_YES;
}

static inline bool hearth_dwarf_entry(const struct hearth_dwarf *handle, uint64_t offset, Dwarf_Die *die) {
    return dwarf_offdie(handle->dwarf, offset, die) != NULL;
}

// Whether the code of a unit is described in another file (DW_AT_dwo_name and the GNU form before DWARF 5).
static inline bool hearth_dwarf_is_split(const struct hearth_dwarf *handle, uint64_t entry) {
    Dwarf_Die die;
    if (!hearth_dwarf_entry(handle, entry, &die)) return false;
    return dwarf_hasattr(&die, DW_AT_dwo_name) || dwarf_hasattr(&die, DW_AT_GNU_dwo_name);
}

static inline enum hearth_dwarf_role hearth_dwarf_role(const struct hearth_dwarf *handle, uint64_t offset) {
    Dwarf_Die die;
    if (!hearth_dwarf_entry(handle, offset, &die)) return HEARTH_DWARF_LEAF;
    switch (dwarf_tag(&die)) {
    case DW_TAG_subprogram: return HEARTH_DWARF_FUNCTION;
    case DW_TAG_inlined_subroutine: return HEARTH_DWARF_INLINED;
    case DW_TAG_lexical_block:
    case DW_TAG_try_block:
    case DW_TAG_catch_block:
    case DW_TAG_with_stmt: return HEARTH_DWARF_BLOCK;
    case DW_TAG_enumeration_type:
    case DW_TAG_subroutine_type:
    case DW_TAG_array_type:
    case DW_TAG_GNU_call_site:
    case DW_TAG_call_site: return HEARTH_DWARF_LEAF;
    default: return HEARTH_DWARF_OTHER;
    }
}

// The next entry in the order of the file, at most at `end`: the first child if `nested`, else what follows the
// entry's children. Zeros between them end lists of siblings and lead back up.
static inline int hearth_dwarf_next(
    const struct hearth_dwarf *handle, uint64_t offset, uint64_t end, bool nested, struct hearth_dwarf_step *step) {
    Dwarf_Die die, other;
    if (!hearth_dwarf_entry(handle, offset, &die)) return HEARTH_DWARF_BAD;
    if (nested) {
        int found = dwarf_child(&die, &other);
        if (found < 0) return HEARTH_DWARF_BAD;
        if (found == 0) {
            step->next = dwarf_dieoffset(&other);
            step->depth = 1;
            return step->next > offset && step->next < end ? HEARTH_DWARF_YES : HEARTH_DWARF_BAD;
        }
    }
    int found = dwarf_siblingof(&die, &other);
    if (found < 0 || !other.addr) return found < 0 ? HEARTH_DWARF_BAD : HEARTH_DWARF_NONE;
    const unsigned char *start = die.addr;
    const unsigned char *address = other.addr;
    if (address <= start || (uint64_t)(address - start) >= end - offset) return HEARTH_DWARF_BAD;
    step->next = offset + (uint64_t)(address - start);
    step->depth = 0;
    // libdw leaves the address of the zero that ended the list.
    for (; found == 1 && *address == 0; address++) {
        step->depth--;
        if (++step->next >= end) return HEARTH_DWARF_NONE;
    }
    return HEARTH_DWARF_YES;
}

// One range of an entry's code. `state` is 0 at first and what the last call made of it then; `base` is kept between.
static inline int hearth_dwarf_range(
    const struct hearth_dwarf *handle, uint64_t offset, int64_t *state, uint64_t *base, uint64_t *low, uint64_t *high) {
    Dwarf_Die die;
    if (!hearth_dwarf_entry(handle, offset, &die)) return HEARTH_DWARF_BAD;
    Dwarf_Addr base_address = *base, start = 0, end = 0;
    ptrdiff_t next = dwarf_ranges(&die, (ptrdiff_t)*state, &base_address, &start, &end);
    if (next <= 0) return next < 0 ? HEARTH_DWARF_BAD : HEARTH_DWARF_NONE;
    *state = next;
    *base = base_address;
    *low = start;
    *high = end;
    return HEARTH_DWARF_YES;
}

// Whether an attribute refers to the file that dwz shares between others.
static inline bool hearth_dwarf_is_elsewhere(Dwarf_Attribute *attribute) {
    switch (dwarf_whatform(attribute)) {
    case DW_FORM_GNU_ref_alt:
    case DW_FORM_GNU_strp_alt:
    case DW_FORM_ref_sup4:
    case DW_FORM_ref_sup8:
    case DW_FORM_strp_sup: return true;
    default: return false;
    }
}

// Follows DW_AT_abstract_origin or DW_AT_specification once.
static inline int hearth_dwarf_origin(Dwarf_Die *die) {
    Dwarf_Attribute attribute;
    Dwarf_Die origin;
    if (!dwarf_attr(die, DW_AT_abstract_origin, &attribute) && !dwarf_attr(die, DW_AT_specification, &attribute))
        return HEARTH_DWARF_NONE;
    if (hearth_dwarf_is_elsewhere(&attribute) || !dwarf_formref_die(&attribute, &origin)) return HEARTH_DWARF_BAD;
    *die = origin;
    return HEARTH_DWARF_YES;
}

static inline int hearth_dwarf_copy(Dwarf_Attribute *attribute, char *out, size_t capacity, size_t *size) {
    const char *text = hearth_dwarf_is_elsewhere(attribute) ? NULL : dwarf_formstring(attribute);
    if (!text) return HEARTH_DWARF_BAD;
    *size = strnlen(text, capacity);
    memcpy(out, text, *size);
    return HEARTH_DWARF_YES;
}

// The mangled name of a function, else its plain one, looked for along at most 8 references: they may form a ring.
static inline int hearth_dwarf_name(
    const struct hearth_dwarf *handle, uint64_t offset, char *out, size_t capacity, size_t *size) {
    Dwarf_Die die;
    if (!hearth_dwarf_entry(handle, offset, &die)) return HEARTH_DWARF_BAD;
    Dwarf_Attribute attribute, plain;
    bool has_plain = false;
    for (int hop = 0; hop < 8; hop++) {
        if (dwarf_attr(&die, DW_AT_linkage_name, &attribute) || dwarf_attr(&die, DW_AT_MIPS_linkage_name, &attribute))
            return hearth_dwarf_copy(&attribute, out, capacity, size);
        if (!has_plain && dwarf_attr(&die, DW_AT_name, &plain)) has_plain = true;
        int followed = hearth_dwarf_origin(&die);
        if (followed == HEARTH_DWARF_BAD) return HEARTH_DWARF_BAD;
        if (followed == HEARTH_DWARF_NONE) break;
    }
    return has_plain ? hearth_dwarf_copy(&plain, out, capacity, size) : HEARTH_DWARF_NONE;
}

// DW_AT_comp_dir of a unit: where its relative paths start.
static inline int hearth_dwarf_folder(
    const struct hearth_dwarf *handle, uint64_t entry, char *out, size_t capacity, size_t *size) {
    Dwarf_Die die;
    Dwarf_Attribute attribute;
    if (!hearth_dwarf_entry(handle, entry, &die)) return HEARTH_DWARF_BAD;
    if (!dwarf_attr(&die, DW_AT_comp_dir, &attribute)) return HEARTH_DWARF_NONE;
    return hearth_dwarf_copy(&attribute, out, capacity, size);
}

// A number of an entry: DW_AT_call_file, DW_AT_call_line, DW_AT_stmt_list.
static inline int hearth_dwarf_number(
    const struct hearth_dwarf *handle, uint64_t offset, unsigned int name, uint64_t *value) {
    Dwarf_Die die;
    Dwarf_Attribute attribute;
    Dwarf_Word word = 0;
    if (!hearth_dwarf_entry(handle, offset, &die)) return HEARTH_DWARF_BAD;
    if (!dwarf_attr(&die, name, &attribute)) return HEARTH_DWARF_NONE;
    if (dwarf_formudata(&attribute, &word) != 0) return HEARTH_DWARF_BAD;
    *value = word;
    return HEARTH_DWARF_YES;
}

// The path of a file of a unit's line table.
static inline int hearth_dwarf_file(
    const struct hearth_dwarf *handle, uint64_t entry, uint64_t index, char *out, size_t capacity, size_t *size) {
    Dwarf_Die die;
    Dwarf_Files *files = NULL;
    size_t count = 0;
    if (!hearth_dwarf_entry(handle, entry, &die) || dwarf_getsrcfiles(&die, &files, &count) != 0)
        return HEARTH_DWARF_BAD;
    const char *path = index < count ? dwarf_filesrc(files, index, NULL, NULL) : NULL;
    if (!path) return HEARTH_DWARF_NONE;
    *size = strnlen(path, capacity);
    memcpy(out, path, *size);
    return HEARTH_DWARF_YES;
}

// The row of a unit's line table that covers an address.
static inline int hearth_dwarf_line(
    const struct hearth_dwarf *handle, uint64_t entry, uint64_t address, int32_t *number, char *out, size_t capacity,
    size_t *size) {
    Dwarf_Die die;
    if (!hearth_dwarf_entry(handle, entry, &die)) return HEARTH_DWARF_BAD;
    Dwarf_Line *line = dwarf_getsrc_die(&die, address);
    int found = 0;
    if (!line || dwarf_lineno(line, &found) != 0) return HEARTH_DWARF_NONE;
    const char *path = dwarf_linesrc(line, NULL, NULL);
    *number = found;
    *size = path ? strnlen(path, capacity) : 0;
    if (path) memcpy(out, path, *size);
    return HEARTH_DWARF_YES;
}
