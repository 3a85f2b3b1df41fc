#include "hearth_demangle.h"
#include <libiberty/demangle.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct sink {
    char *out;
    size_t capacity, size;
};

// The callback form lets the text be cut while it is made: some short names have enormous meanings.
static void append(const char *text, size_t length, void *opaque) {
    struct sink *sink = opaque;
    size_t space = sink->capacity - sink->size;
    if (length > space) length = space;
    memcpy(sink->out + sink->size, text, length);
    sink->size += length;
}

size_t hearth_demangle_cpp(const char *name, char *out, size_t capacity) {
    struct sink sink = {out, capacity, 0};
    return cplus_demangle_v3_callback(name, DMGL_PARAMS | DMGL_ANSI, append, &sink) ? sink.size : 0;
}

size_t hearth_demangle_rust(const char *name, char *out, size_t capacity) {
    struct sink sink = {out, capacity, 0};
    return rust_demangle_callback(name, DMGL_PARAMS | DMGL_ANSI, append, &sink) ? sink.size : 0;
}

// swift/Demangling/Demangle.h; exported by libswiftCore.
extern char *swift_demangle(const char *name, size_t length, char *out, size_t *size, uint32_t flags);

size_t hearth_demangle_swift(const char *name, char *out, size_t capacity) {
    char *text = swift_demangle(name, strlen(name), NULL, NULL, 0);
    if (!text) return 0;
    size_t length = strlen(text);
    if (length > capacity) length = capacity;
    memcpy(out, text, length);
    free(text);
    return length;
}
