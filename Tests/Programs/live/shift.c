/* Burns CPU time in two functions, and in other shares of it after SIGUSR1.
 *
 *     shift SHARE OTHER     SHARE (0 to 1) of the time in work_one, OTHER after the signal; the rest in work_two
 *
 * Prints "ready pid=N", "changed one_ns=N two_ns=N" with the CPU time before the signal, and at SIGTERM
 * "done one_ns=N two_ns=N" with that after it. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define KEPT __attribute__((noinline, noclone, used))

static volatile sig_atomic_t changed, ended;

static void on_change(int number) { (void)number; changed = 1; }
static void on_end(int number) { (void)number; ended = 1; }

static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#define BURN(name)                                                     \
    KEPT int64_t name(int64_t ns)                                      \
    {                                                                  \
        int64_t start = cpu_ns(), now = start;                         \
        uint64_t x = 1;                                                \
        while (now < start + ns) {                                     \
            for (int i = 0; i < 20000; i++)                            \
                x = x * 6364136223846793005u + 1442695040888963407u;   \
            __asm__ volatile("" : "+r"(x));                            \
            now = cpu_ns();                                            \
        }                                                              \
        return now - start;                                            \
    }

BURN(work_one)
BURN(work_two)

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    double share = atof(argv[1]);
    signal(SIGUSR1, on_change);
    signal(SIGTERM, on_end);
    printf("ready pid=%d\n", (int)getpid());
    fflush(stdout);
    int64_t one = 0, two = 0, said = 0;
    while (!ended) {
        if (changed && !said) {
            printf("changed one_ns=%lld two_ns=%lld\n", (long long)one, (long long)two);
            fflush(stdout);
            share = atof(argv[2]);
            one = two = 0;
            said = 1;
        }
        one += work_one((int64_t)(share * 7300000));
        two += work_two((int64_t)((1 - share) * 7300000));
    }
    printf("done one_ns=%lld two_ns=%lld\n", (long long)one, (long long)two);
    return 0;
}
