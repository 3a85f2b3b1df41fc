// Stacks of every shape, each up to stop_here(): `shapes WHAT`. Recorded by scripts/record-fixtures.
#define _GNU_SOURCE
#include <alloca.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <ucontext.h>
#endif

#define NOINLINE __attribute__((noinline, noclone))
// After a call: keeps the compiler from making a jump of it.
#define KEEP_FRAME __asm__ volatile("" ::: "memory")

NOINLINE void stop_here(void) { KEEP_FRAME; }

// Pushes all callee-saved registers and has a local array.
NOINLINE long many_registers(long a, long b) {
    volatile char local[40];
    long c = a * 3, d = b * 5, e = a ^ b, f = a + b, g = a - b;
    local[0] = (char)a;
    stop_here();
    __asm__ volatile("" : "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g)::"memory");
    stop_here();
    return c + d + e + f + g + local[0];
}

NOINLINE long plain(long a) {
    long result = many_registers(a, a + 1);
    KEEP_FRAME;
    return result + 1;
}

NOINLINE long realigned(long a) {
    _Alignas(64) volatile char wide[128];
    char *more = alloca((size_t)a + 16);
    wide[0] = (char)a;
    memset(more, 1, (size_t)a + 16);
    stop_here();
    KEEP_FRAME;
    return wide[0] + more[3];
}

NOINLINE long realigned_fixed(long a) {
    _Alignas(32) volatile char wide[64];
    wide[0] = (char)a;
    long result = many_registers(a, wide[0]);
    KEEP_FRAME;
    return result + wide[1];
}

NOINLINE long on_heap_of_arrays(long n) {
    volatile char array[n * 100];
    array[0] = 1;
    long result = plain(n);
    KEEP_FRAME;
    return result + array[0];
}

NOINLINE long deep(long depth, long size) {
    volatile char *local = alloca((size_t)size);
    local[0] = (char)depth;
    if (depth == 0) {
        stop_here();
        return local[0];
    }
    long result = deep(depth - 1, size);
    KEEP_FRAME;
    return result + local[0];
}

// Larger than a page: with -fstack-clash-protection its prologue touches page after page in a loop.
NOINLINE long probing(long a) {
    volatile char large[100000];
    large[a] = 1;
    stop_here();
    return large[a + 1];
}

// ---- signals

static volatile int in_handler;
NOINLINE static void inner_handler(int number) {
    (void)number;
    stop_here();
    KEEP_FRAME;
}
NOINLINE static void outer_handler(int number) {
    (void)number;
    in_handler = 1;
    raise(SIGUSR2);
    KEEP_FRAME;
}
NOINLINE static void info_handler(int number, siginfo_t *info, void *context) {
    (void)number; (void)info; (void)context;
    stop_here();
    KEEP_FRAME;
}

static void handle(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigaction(number, &action, NULL);
}

static void other_stack(void) {
    static char memory[65536];
    stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
    sigaltstack(&stack, NULL);
}

typedef void (*procedure)(void);
static procedure volatile nowhere;

NOINLINE static void call_nowhere(void) {
    nowhere();
    KEEP_FRAME;
}

NOINLINE static void write_nowhere(volatile int *place) {
    *place = 1;
    KEEP_FRAME;
}

static int signals(const char *what) {
    handle(SIGUSR1, outer_handler, 0);
    if (!strcmp(what, "signal")) return raise(SIGUSR2);
    if (!strcmp(what, "signal-nested")) return raise(SIGUSR1);
    if (!strcmp(what, "signal-other-stack")) {
        other_stack();
        handle(SIGUSR2, inner_handler, SA_ONSTACK);
        return raise(SIGUSR1);
    }
    struct sigaction action = {.sa_sigaction = info_handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    if (!strcmp(what, "signal-null-call")) call_nowhere();
    if (!strcmp(what, "signal-fault")) write_nowhere(NULL);
    if (!strcmp(what, "signal-in-syscall")) {
        alarm(1);
        pause();
    }
    return 0;
}

// ---- threads, contexts, callbacks

NOINLINE static void *thread_main(void *argument) {
    plain((long)argument);
    KEEP_FRAME;
    return argument;
}

static int in_thread(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, thread_main, (void *)7L);
    return pthread_join(thread, NULL);
}

NOINLINE static int compare(const void *a, const void *b) {
    stop_here();
    return *(const int *)a - *(const int *)b;
}

static int sorting(void) {
    int numbers[] = {5, 2, 9, 1};
    qsort(numbers, 4, sizeof numbers[0], compare);
    return numbers[0];
}

#ifdef __GLIBC__
static ucontext_t home, away;
NOINLINE static void fiber(void) {
    plain(3);
    KEEP_FRAME;
}
static int fibers(void) {
    static char memory[65536];
    getcontext(&away);
    away.uc_stack.ss_sp = memory;
    away.uc_stack.ss_size = sizeof memory;
    away.uc_link = &home;
    makecontext(&away, fiber, 0);
    return swapcontext(&home, &away);
}
#endif

static void at_exit(void) {
    stop_here();
    KEEP_FRAME;
}

// The call is the last instruction: the return address lies behind the function.
NOINLINE __attribute__((noreturn)) void last_call(void) {
    stop_here();
    abort();
}

NOINLINE static int jumping(void) {
    jmp_buf place;
    if (setjmp(place)) {
        stop_here();
        return 1;
    }
    longjmp(place, 1);
}

// The unlikely branch is moved to a part of its own (.text.unlikely).
NOINLINE __attribute__((cold)) void rare(long a) {
    stop_here();
    if (a == 77) abort();
    KEEP_FRAME;
}
NOINLINE long hot_and_cold(long a, long b) {
    long sum = many_registers(a, b);
    if (__builtin_expect(a > 3, 0)) {
        rare(b);
        sum += plain(a);
        rare(sum);
    }
    KEEP_FRAME;
    return sum + b;
}

// ---- code without files

typedef void (*caller)(procedure);

static caller made(const unsigned char *code, size_t size) {
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(memory, code, size);
    return (caller)memory;
}

static int jit(int keeps_frame_pointer) {
    // push rbp; mov rbp, rsp; call rdi; pop rbp; ret — and: sub rsp, 40; call rdi; add rsp, 40; ret
    static const unsigned char with[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
    static const unsigned char without[] = {0x48, 0x83, 0xec, 0x28, 0xff, 0xd7, 0x48, 0x83, 0xc4, 0x28, 0xc3};
    if (keeps_frame_pointer) made(with, sizeof with)(stop_here);
    else made(without, sizeof without)(stop_here);
    KEEP_FRAME;
    return 0;
}

static int plugin(const char *path, int in_memory) {
    char place[64];
    if (in_memory) {
        int memory = memfd_create("plugin", 0), file = open(path, O_RDONLY);
        char block[4096];
        ssize_t count;
        while ((count = read(file, block, sizeof block)) > 0)
            if (write(memory, block, (size_t)count) != count) return 1;
        snprintf(place, sizeof place, "/proc/%d/fd/%d", getpid(), memory);
        path = place;
    }
    void *library = dlopen(path, RTLD_NOW);
    if (!library) return puts(dlerror());
    void (*call)(procedure) = (void (*)(procedure))dlsym(library, "plugin_call");
    if (!in_memory) unlink(path);
    call(stop_here);
    KEEP_FRAME;
    return 0;
}

static int asm_of_libc(void) {
    static char from[600], to[600];
    volatile size_t size = sizeof from;
    memset(from, 'x', size - 1);
    memmove(to, from, size);
    return (int)strlen(to);
}

static int clocks(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int)time.tv_nsec;
}

int main(int count, char **words) {
    const char *what = count > 1 ? words[1] : "plain";
    handle(SIGUSR2, inner_handler, 0);
    if (!strncmp(what, "signal", 6)) return signals(what);
    if (!strcmp(what, "plain")) return (int)plain(count);
    if (!strcmp(what, "realigned")) return (int)realigned(count);
    if (!strcmp(what, "realigned-fixed")) return (int)realigned_fixed(count);
    if (!strcmp(what, "probing")) return (int)probing(count);
    if (!strcmp(what, "variable")) return (int)on_heap_of_arrays(count);
    if (!strcmp(what, "deep")) return (int)deep(atol(words[2]), atol(words[3]));
    if (!strcmp(what, "thread")) return in_thread();
    if (!strcmp(what, "qsort")) return sorting();
#ifdef __GLIBC__
    if (!strcmp(what, "context")) return fibers();
#endif
    if (!strcmp(what, "at-exit")) { atexit(at_exit); exit(0); }
    if (!strcmp(what, "noreturn")) last_call();
    if (!strcmp(what, "longjmp")) return jumping();
    if (!strcmp(what, "cold")) return (int)hot_and_cold(count + 5, 2);
    if (!strcmp(what, "jit")) return jit(1);
    if (!strcmp(what, "jit-no-frame-pointer")) return jit(0);
    if (!strcmp(what, "plugin")) return plugin(words[2], 0);
    if (!strcmp(what, "memfd")) return plugin(words[2], 1);
    if (!strcmp(what, "libc")) return asm_of_libc();
    if (!strcmp(what, "clock")) return clocks();
    if (!strcmp(what, "puts")) return puts("done");
    return 2;
}
