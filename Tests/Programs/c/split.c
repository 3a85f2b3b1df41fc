/* CPU time in work_a, work_b, work_c as 50 : 35 : 15, below a call chain of exactly known depth.
 *
 * The whole stack, root first: main (or the thread's start, then thread_body) · burn · f0 … f(D-1) · leaf · rounds ·
 * work_x. With --signal: … leaf · interrupted · [signal frame] · on_signal · rounds · work_x. With --dlopen: … leaf ·
 * plugin_rounds · work_x, the last two in the shared object. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include "frames.h"
#include "options.h"

enum { ROUNDS = 40 };

double iterations_per_ns = 0.5;
static struct options options;
static uint64_t (*plugin_rounds)(uint64_t, long);
static volatile sig_atomic_t handled;

WORK(work_a)
WORK(work_b)
WORK(work_c)

KEPT uint64_t rounds(uint64_t x)
{
    for (long i = 0; i < ROUNDS; i++) {
        x = work_a(x, SHARE_A * UNIT, 0);
        x = work_b(x, SHARE_B * UNIT, 0);
        x = work_c(x, SHARE_C * UNIT, 0);
    }
    return x;
}

/* Loops of exactly `period_ns` of CPU each; marks are absolute, so the phase does not drift. */
KEPT uint64_t lockstep(uint64_t x)
{
    static __thread uint64_t mark;
    uint64_t period = options.period_ns;
    if (!mark)
        mark = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (uint64_t spent = 0; spent < 20000000; spent += period, mark += period) {
        x = work_a(x, 0, mark + period * SHARE_A / 100);
        x = work_b(x, 0, mark + period * (SHARE_A + SHARE_B) / 100);
        x = work_c(x, 0, mark + period);
    }
    return x;
}

KEPT void on_signal(int number)
{
    handled = number + (int)(rounds(1) & 1);
}

/* Spins until a timer's signal has been handled; all the work is done in the handler. */
KEPT uint64_t interrupted(uint64_t x)
{
    struct itimerval soon = {{0, 0}, {0, 20}};
    handled = 0;
    setitimer(ITIMER_REAL, &soon, NULL);
    while (!handled)
        x += 3;
    return x;
}

KEPT uint64_t leaf(uint64_t x)
{
    uint64_t result;
    if (options.signal) result = interrupted(x);
    else if (plugin_rounds) result = plugin_rounds(x, ROUNDS);
    else if (options.period_ns) result = lockstep(x);
    else result = rounds(x);
    return result + 1;
}

KEPT void burn(void)
{
    uint64_t x = 1, end = (uint64_t)(options.seconds * 1e9);
    for (long entry = 0; options.entries ? entry < options.entries : clock_ns(CLOCK_THREAD_CPUTIME_ID) < end; entry++)
        x = options.depth ? frames[0](x, options.depth) : leaf(x);
    __asm__ volatile("" : : "r"(x));
}

KEPT void *thread_body(void *barrier)
{
    pthread_barrier_wait(barrier);
    burn();
    __asm__ volatile("");
    return NULL;
}

static void load_plugin(void)
{
#ifdef WITH_DLOPEN
    void *library = options.plugin ? dlopen(options.plugin, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (options.plugin && !library) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    if (library)
        *(void **)&plugin_rounds = dlsym(library, "plugin_rounds");
#else
    if (options.plugin)
        usage("--dlopen");
#endif
}

static void calibrate(void)
{
    for (int i = 0; i < 5; i++) {
        uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        __asm__ volatile("" : : "r"(chain(1, 2000000)));
        double rate = 2e6 / (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - start);
        if (rate > iterations_per_ns)
            iterations_per_ns = rate;
    }
}

int main(int argc, char **argv)
{
    pthread_barrier_t barrier;
    pthread_t threads[64];
    options = parse_options(argc, argv);
    if (options.depth > FRAMES || options.threads < 1 || options.threads > 64 || (options.signal && options.threads > 1))
        usage("--depth or --threads");
    if (options.self_check) {
        self_check(work_a, work_b, work_c);
        return 0;
    }
    if (options.period_ns)
        calibrate();
    load_plugin();
    signal(SIGALRM, on_signal);
    pthread_barrier_init(&barrier, NULL, (unsigned)options.threads);
    for (long i = 1; i < options.threads; i++)
        if (pthread_create(&threads[i], NULL, thread_body, &barrier))
            return 1;
    announce(&options);
    pthread_barrier_wait(&barrier);
    burn();
    for (long i = 1; i < options.threads; i++)
        pthread_join(threads[i], NULL);
    report_end();
    return 0;
}
