/* Burns CPU time in ways that change what the process is called.
 *
 *     change threads SECONDS          two threads, busy-one and busy-two, in work_one and work_two
 *     change exec SECONDS PROGRAM …   in before_exec, then becomes PROGRAM
 *     change once SECONDS             in work_one
 *     change two SECONDS              in work_two
 *
 * Prints "ready pid=N", then for each thread "thread NAME tid=N", at the end "done". */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define KEPT __attribute__((noinline, noclone, used))

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds;

#define BURN(name)                                                     \
    KEPT uint64_t name(uint64_t x)                                     \
    {                                                                  \
        double end = cpu_seconds() + seconds;                          \
        while (cpu_seconds() < end)                                    \
            for (int i = 0; i < 1000000; i++)                          \
                x = x * 6364136223846793005u + 1442695040888963407u;   \
        __asm__ volatile("" : "+r"(x));                                \
        return x;                                                      \
    }

BURN(work_one)
BURN(work_two)
BURN(before_exec)

static void *run(void *argument)
{
    const char *name = argument;
    pthread_setname_np(pthread_self(), name);
    printf("thread %s tid=%ld\n", name, syscall(SYS_gettid));
    fflush(stdout);
    uint64_t x = strcmp(name, "busy-one") ? work_two(1) : work_one(1);
    __asm__ volatile("" : : "r"(x));
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    seconds = atof(argv[2]);
    printf("ready pid=%d\n", (int)getpid());
    fflush(stdout);
    uint64_t x = 0;
    if (!strcmp(argv[1], "exec")) {
        x = before_exec(1);
        __asm__ volatile("" : : "r"(x));
        execv(argv[3], argv + 3);
        return 127;
    }
    if (!strcmp(argv[1], "threads")) {
        pthread_t one, two;
        pthread_create(&one, NULL, run, "busy-one");
        pthread_create(&two, NULL, run, "busy-two");
        pthread_join(one, NULL);
        pthread_join(two, NULL);
    } else {
        x = strcmp(argv[1], "two") ? work_one(1) : work_two(1);
        __asm__ volatile("" : : "r"(x));
    }
    puts("done");
    return 0;
}
