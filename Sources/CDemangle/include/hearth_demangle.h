// The demanglers of libiberty and of the Swift runtime, with one shape: text in, bounded text out.
#pragma once
#include <stddef.h>

// Each writes at most `capacity` bytes, without a terminating zero, and returns how many; 0 if the name is not of its
// language. What does not fit is cut.
size_t hearth_demangle_cpp(const char *name, char *out, size_t capacity);
size_t hearth_demangle_rust(const char *name, char *out, size_t capacity);
size_t hearth_demangle_swift(const char *name, char *out, size_t capacity);
