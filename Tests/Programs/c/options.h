/* Options that the C and C++ programs share, and the two lines that they print. */
#ifndef HEARTH_OPTIONS_H
#define HEARTH_OPTIONS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "work.h"

struct options {
    double seconds;        /* CPU time of each thread */
    long threads, depth;
    long entries;          /* exact number of entries instead of seconds, 0: off */
    uint64_t period_ns;    /* lockstep: length of a loop in CPU time, 0: off */
    const char *plugin;    /* shared object that holds the work */
    int signal, self_check, wait;
};

static inline void usage(const char *option)
{
    fprintf(stderr, "unknown or bad option: %s\n", option);
    exit(2);
}

static inline double number_of(const char *option, const char *text)
{
    char *end;
    double value = text ? strtod(text, &end) : -1;
    if (!text || *end || value < 0)
        usage(option);
    return value;
}

static inline struct options parse_options(int argc, char **argv)
{
    struct options o = {10, 1, 0, 0, 0, 0, 0, 0, 0};
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (!strcmp(name, "--signal")) o.signal = 1;
        else if (!strcmp(name, "--self-check")) o.self_check = 1;
        else if (!strcmp(name, "--wait")) o.wait = 1;
        else if (!strcmp(name, "--seconds")) o.seconds = number_of(name, argv[++i]);
        else if (!strcmp(name, "--threads")) o.threads = (long)number_of(name, argv[++i]);
        else if (!strcmp(name, "--depth")) o.depth = (long)number_of(name, argv[++i]);
        else if (!strcmp(name, "--entries")) o.entries = (long)number_of(name, argv[++i]);
        else if (!strcmp(name, "--period-ns")) o.period_ns = (uint64_t)number_of(name, argv[++i]);
        else if (!strcmp(name, "--dlopen")) o.plugin = argv[++i];
        else usage(name);
    }
    return o;
}

/* Says that everything is set up; with --wait the burning starts when a byte arrives or standard input ends. */
static inline void announce(const struct options *o)
{
    char byte;
    printf("ready PID=%d seconds=%g threads=%ld depth=%ld\n", (int)getpid(), o->seconds, o->threads, o->depth);
    fflush(stdout);
    if (o->wait && read(0, &byte, 1) < 0)
        exit(1);
}

static inline void report_end(void)
{
    printf("done cpu_ns=%llu\n", (unsigned long long)clock_ns(CLOCK_PROCESS_CPUTIME_ID));
    fflush(stdout);
}

typedef uint64_t work_function(uint64_t, uint64_t, uint64_t);

/* CPU nanoseconds of each function over large blocks, in turn, so that a change of clock speed meets all three. */
static inline void self_check(work_function *a, work_function *b, work_function *c)
{
    uint64_t ns[3] = {0, 0, 0}, x = 1;
    work_function *all[3] = {a, b, c};
    const uint64_t shares[3] = {SHARE_A, SHARE_B, SHARE_C};
    for (int block = 0; block < 40; block++)
        for (int i = 0; i < 3; i++) {
            uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
            x = all[i](x, shares[i] * UNIT * 100, 0);
            ns[i] += clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
        }
    printf("check work_a=%llu work_b=%llu work_c=%llu x=%llu\n", (unsigned long long)ns[0],
           (unsigned long long)ns[1], (unsigned long long)ns[2], (unsigned long long)x);
}

#endif
