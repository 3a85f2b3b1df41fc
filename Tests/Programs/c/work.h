/* The work whose split is known by construction.
 *
 * Each function runs the same dependent chain: a multiplication, an addition, a countdown. The chain is bound by the
 * latency of the first two, so an iteration costs the same in every function wherever it lies in memory. Iteration
 * counts stand in the ratio 50 : 35 : 15, so CPU time does too, without any clock being read. */
#ifndef HEARTH_WORK_H
#define HEARTH_WORK_H

#include <stdint.h>
#include <time.h>

/* No inlining, cloning or folding of identical functions: the names in the binary are those in the source. */
#define KEPT __attribute__((noipa, used))

enum { SHARE_A = 50, SHARE_B = 35, SHARE_C = 15, UNIT = 2500 };

extern double iterations_per_ns;

static inline __attribute__((always_inline)) uint64_t chain(uint64_t x, uint64_t count)
{
    uint64_t factor = 6364136223846793005u;
    __asm__ volatile(".p2align 5\n"
                     "1: imulq %2, %0\n"
                     "   addq $1, %0\n"
                     "   decq %1\n"
                     "   jnz 1b\n"
                     : "+r"(x), "+r"(count)
                     : "r"(factor)
                     : "cc");
    return x;
}

static inline __attribute__((always_inline)) uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Spins until the thread's CPU clock passes `mark`. Reading that clock is a system call, so it is read seldom: each
 * stretch covers nine tenths of what is left. */
static inline __attribute__((always_inline)) uint64_t spin_until(uint64_t x, uint64_t mark)
{
    for (;;) {
        uint64_t now = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        if (now >= mark)
            return x;
        x = chain(x, (uint64_t)((double)(mark - now) * 0.9 * iterations_per_ns) + 64);
    }
}

/* `count` iterations, or, when `mark` is not 0, as many as it takes until the thread's CPU clock passes it. */
#define WORK(name)                                                     \
    KEPT uint64_t name(uint64_t x, uint64_t count, uint64_t mark)      \
    {                                                                  \
        return mark ? spin_until(x, mark) : chain(x, count);           \
    }

#endif
