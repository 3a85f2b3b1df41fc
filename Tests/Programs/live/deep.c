/* Burns CPU time at known depths of stacks that are larger than what the kernel copies with a sample.
 *
 *     deep steady SECONDS DEPTH SIZE          the work lies below DEPTH frames of SIZE bytes (64, 208, 512, 4096)
 *     deep swing SECONDS DEPTH SIZE           depths from 1 to DEPTH in quick turns: a few microseconds at each
 *     deep paths SECONDS DEPTH SIZE           as swing, through path_a or path_b, which reach the frames by equal steps
 *     deep thread SECONDS DEPTH SIZE          as steady, on a thread with a stack of 64 MiB
 *     deep fleeting SECONDS DEPTH SIZE        children one after the other, each of which lives for 30 ms
 *
 * A stack is main (or run), burn, path_a or path_b, down × depth, work; on a thread run is called by libc.
 * Prints "ready pid=N", at the end "done". */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEPT __attribute__((noinline, noclone, used))

static double seconds;
static int depth, size, varies, branches;

static double cpu_seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

KEPT uint64_t work(uint64_t rounds)
{
    uint64_t x = rounds;
    for (uint64_t i = 0; i < rounds; i++)
        x = x * 6364136223846793005u + 1442695040888963407u;
    __asm__ volatile("" : "+r"(x));
    return x;
}

/* A frame of exactly BYTES: the return address, the array, and what aligns them to 16. */
#define DOWN(bytes)                                                              \
    KEPT uint64_t down_##bytes(int left, uint64_t rounds)                        \
    {                                                                            \
        volatile uint64_t room[((bytes) - 16) / 8];                              \
        room[0] = (uint64_t)left;                                                \
        uint64_t x = left > 1 ? down_##bytes(left - 1, rounds) : work(rounds);   \
        return x + room[0];                                                      \
    }

DOWN(64)
DOWN(208)
DOWN(512)
DOWN(4096)

static uint64_t down(int levels, uint64_t rounds)
{
    switch (size) {
    case 64: return down_64(levels, rounds);
    case 208: return down_208(levels, rounds);
    case 512: return down_512(levels, rounds);
    default: return down_4096(levels, rounds);
    }
}

KEPT uint64_t path_a(int levels, uint64_t rounds) { return down(levels, rounds) + 1; }
KEPT uint64_t path_b(int levels, uint64_t rounds) { return down(levels, rounds) + 2; }

KEPT void burn(double until)
{
    uint64_t x = 1;
    while (cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) < until) {
        if (!varies) {
            x += path_a(depth, 100000000);
            continue;
        }
        for (int turn = 0; turn < 2000; turn++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            int levels = 1 + (int)((x >> 33) % (uint64_t)depth);
            x += branches && (x >> 62 & 1) ? path_b(levels, 2000) : path_a(levels, 2000);
        }
    }
    __asm__ volatile("" : : "r"(x));
}

static void *run(void *argument)
{
    (void)argument;
    burn(seconds);
    return NULL;
}

static void fleet(void)
{
    double end = cpu_seconds(CLOCK_MONOTONIC) + seconds;
    while (cpu_seconds(CLOCK_MONOTONIC) < end) {
        int child = fork();
        if (child == 0) {
            double until = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) + 0.03;
            uint64_t x = 0;
            while (cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) < until)
                x += path_a(depth, 1000000);
            _exit(x == 0);
        }
        waitpid(child, NULL, 0);
    }
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    seconds = atof(argv[2]);
    depth = atoi(argv[3]);
    size = atoi(argv[4]);
    branches = !strcmp(argv[1], "paths");
    varies = branches || !strcmp(argv[1], "swing");
    printf("ready pid=%d\n", (int)getpid());
    fflush(stdout);
    if (!strcmp(argv[1], "fleeting")) {
        fleet();
    } else if (!strcmp(argv[1], "thread")) {
        pthread_attr_t attributes;
        pthread_t thread;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, 64u << 20);
        if (pthread_create(&thread, &attributes, run, NULL))
            return 3;
        pthread_join(thread, NULL);
    } else {
        burn(seconds);
    }
    puts("done");
    return 0;
}
