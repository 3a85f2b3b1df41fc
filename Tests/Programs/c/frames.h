/* 128 functions f0 … f127 of differing frame shapes, each calling the next: a call chain of exactly known depth. */
#ifndef HEARTH_FRAMES_H
#define HEARTH_FRAMES_H

#include <alloca.h>

#include "work.h"

enum { FRAMES = 128 };

typedef uint64_t frame_function(uint64_t x, long left);
extern frame_function *const frames[FRAMES + 1];
KEPT uint64_t leaf(uint64_t x);

/* The addition after the call keeps it from becoming a jump. */
#define DESCEND(i) ((left > 1 ? frames[(i) + 1](x, left - 1) : leaf(x)) + (i) + 1)
#define ESCAPE(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

#define PLAIN(i) \
    KEPT uint64_t f##i(uint64_t x, long left) { return DESCEND(i); }

#define ALLOCA(i)                              \
    KEPT uint64_t f##i(uint64_t x, long left)  \
    {                                          \
        char *room = alloca(32 + (x & 127));   \
        ESCAPE(room);                          \
        uint64_t result = DESCEND(i);          \
        ESCAPE(room);                          \
        return result;                         \
    }

#define ALIGNED(i)                             \
    KEPT uint64_t f##i(uint64_t x, long left)  \
    {                                          \
        _Alignas(64) char line[64];            \
        ESCAPE(line);                          \
        uint64_t result = DESCEND(i);          \
        ESCAPE(line);                          \
        return result;                         \
    }

#define SAVED(i)                                                                      \
    KEPT uint64_t f##i(uint64_t x, long left)                                         \
    {                                                                                 \
        uint64_t a = x + 1, b = x * 3, c = x ^ 5, d = x - 7, e = x << 1;              \
        __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e));           \
        uint64_t result = DESCEND(i);                                                 \
        __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e));           \
        return result + (a ^ b ^ c ^ d ^ e);                                          \
    }

#define ARRAY(i)                               \
    KEPT uint64_t f##i(uint64_t x, long left)  \
    {                                          \
        char large[768];                       \
        ESCAPE(large);                         \
        uint64_t result = DESCEND(i);          \
        ESCAPE(large);                         \
        return result;                         \
    }

#define SHAPES(t)                                                                    \
    PLAIN(t##0) ALLOCA(t##1) ALIGNED(t##2) SAVED(t##3) ARRAY(t##4)                   \
    PLAIN(t##5) ALLOCA(t##6) ALIGNED(t##7) SAVED(t##8) ARRAY(t##9)
#define NAMES(t) f##t##0, f##t##1, f##t##2, f##t##3, f##t##4, f##t##5, f##t##6, f##t##7, f##t##8, f##t##9

SHAPES() SHAPES(1) SHAPES(2) SHAPES(3) SHAPES(4) SHAPES(5) SHAPES(6) SHAPES(7) SHAPES(8) SHAPES(9) SHAPES(10)
SHAPES(11) PLAIN(120) ALLOCA(121) ALIGNED(122) SAVED(123) ARRAY(124) PLAIN(125) ALLOCA(126) ALIGNED(127)

frame_function *const frames[FRAMES + 1] = {
    NAMES(), NAMES(1), NAMES(2), NAMES(3), NAMES(4), NAMES(5), NAMES(6), NAMES(7), NAMES(8), NAMES(9), NAMES(10),
    NAMES(11), f120, f121, f122, f123, f124, f125, f126, f127, 0,
};

#endif
