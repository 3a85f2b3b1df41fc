/* Starts children one after another that burn a known stretch of CPU and end, each under a name of its own
 * (short-000, short-001, …): hard links to this binary, so that comm and the executable's path both differ.
 *
 *     shortlived --dir FOLDER [--children N] [--milliseconds M] [--fork]
 *
 * With --fork children are forked without exec and named by prctl. Prints a line per child with the CPU time that the
 * kernel accounted to it. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "options.h"

double iterations_per_ns = 0.5;

WORK(work_a)

KEPT void short_work(double milliseconds)
{
    uint64_t x = 1;
    while ((double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) < milliseconds * 1e6)
        x = work_a(x, 100000, 0);
    __asm__ volatile("" : : "r"(x));
}

static pid_t start_child(const char *self, const char *folder, const char *name, const char *milliseconds, int only_fork)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!only_fork && link(self, path) && errno != EEXIST) {
        perror(path);
        exit(1);
    }
    pid_t child = fork();
    if (child)
        return child;
    if (only_fork) {
        prctl(PR_SET_NAME, name);
        short_work(atof(milliseconds));
        _exit(0);
    }
    execl(path, name, "--child", milliseconds, (char *)NULL);
    _exit(127);
}

static void await_child(pid_t child, const char *name)
{
    struct rusage usage;
    int status;
    if (wait4(child, &status, 0, &usage) != child || status != 0) {
        fprintf(stderr, "%s failed with status %d\n", name, status);
        exit(1);
    }
    long long us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL + usage.ru_utime.tv_usec
        + usage.ru_stime.tv_usec;
    printf("child %s pid=%d cpu_ns=%lld\n", name, (int)child, us * 1000);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const char *folder = NULL, *milliseconds = "50";
    long children = 20, only_fork = 0, wait = 0;
    char self[4096], name[16];
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--child") && i + 1 < argc) return short_work(atof(argv[i + 1])), 0;
        else if (!strcmp(argv[i], "--dir") && i + 1 < argc) folder = argv[++i];
        else if (!strcmp(argv[i], "--milliseconds") && i + 1 < argc) milliseconds = argv[++i];
        else if (!strcmp(argv[i], "--children")) children = (long)number_of("--children", argv[++i]);
        else if (!strcmp(argv[i], "--fork")) only_fork = 1;
        else if (!strcmp(argv[i], "--wait")) wait = 1;
        else usage(argv[i]);
    }
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0 || (!folder && !only_fork) || children > 999)
        usage("--dir");
    self[length] = 0;
    struct options facts = {.seconds = atof(milliseconds) / 1000 * (double)children, .threads = 1, .wait = (int)wait};
    announce(&facts);
    for (long i = 0; i < children; i++) {
        snprintf(name, sizeof name, "short-%03ld", i);
        await_child(start_child(self, folder ? folder : "", name, milliseconds, (int)only_fork), name);
    }
    report_end();
    return 0;
}
