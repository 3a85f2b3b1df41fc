// Inlined calls with a known shape: `hot` contains `middle`, which contains `left` or `right`, each a loop of its own.
// Work is split 60 : 40 between `left` and `right`; `hot` and `middle` do next to nothing themselves.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define INLINED static inline __attribute__((always_inline))

INLINED uint64_t step(uint64_t x)
{
    return x * 6364136223846793005u + 1442695040888963407u;
}

INLINED uint64_t left(uint64_t x, long count)
{
    for (long i = 0; i < count; i++) {
        x = step(x);
        __asm__ volatile("" : "+r"(x));
    }
    return x;
}

INLINED uint64_t right(uint64_t x, long count)
{
    for (long i = 0; i < count; i++) {
        x = step(x) ^ 1;
        x = step(x);
        __asm__ volatile("" : "+r"(x));
    }
    return x;
}

INLINED uint64_t middle(uint64_t x, int which, long count)
{
    return which ? left(x, count) : right(x, count);
}

__attribute__((noinline, noclone)) uint64_t hot(uint64_t x, int which, long count)
{
    x = middle(x, which, count);
    __asm__ volatile("" : "+r"(x));
    return x;
}

static int64_t now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000L + t.tv_nsec;
}

/* How many turns of each loop take the CPU the same time. */
static double calibrate(uint64_t *x, int which)
{
    enum { count = 20000000 };
    int64_t start = now(CLOCK_THREAD_CPUTIME_ID);
    *x = hot(*x, which, count);
    return (double)count / (double)(now(CLOCK_THREAD_CPUTIME_ID) - start);
}

int main(int argc, char **argv)
{
    int64_t seconds = argc > 1 ? atoi(argv[1]) : 1;
    uint64_t x = (uint64_t)argc;
    printf("ready pid=%d\n", (int)getpid());
    fflush(stdout);
    double lefts = calibrate(&x, 1), rights = calibrate(&x, 0);
    int64_t end = now(CLOCK_MONOTONIC) + seconds * 1000000000L;
    int64_t in_left = 0, in_right = 0;
    while (now(CLOCK_MONOTONIC) < end) {
        int64_t a = now(CLOCK_THREAD_CPUTIME_ID);
        x = hot(x, 1, (long)(lefts * 6e6));
        int64_t b = now(CLOCK_THREAD_CPUTIME_ID);
        x = hot(x, 0, (long)(rights * 4e6));
        in_left += b - a;
        in_right += now(CLOCK_THREAD_CPUTIME_ID) - b;
    }
    printf("%lld %lld %u\n", (long long)in_left, (long long)in_right, (unsigned)(x & 1));
    return 0;
}
