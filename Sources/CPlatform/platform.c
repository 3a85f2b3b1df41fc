#define _GNU_SOURCE
#include "hearth_platform.h"
#include <linux/openat2.h>
#include <string.h>
#include <sys/prctl.h>

int hearth_openat2(int directory, const char *path, int flags, uint64_t resolve) {
    struct open_how how;
    memset(&how, 0, sizeof how);
    how.flags = (uint64_t)flags;
    how.resolve = resolve;
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}



void hearth_set_thread_name(const char *name) { prctl(PR_SET_NAME, name); }
