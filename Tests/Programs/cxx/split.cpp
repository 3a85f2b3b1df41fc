// CPU time in work_a, work_b, work_c as 50 : 35 : 15, reached the way C++ programs reach things: work_a through a
// virtual function, work_b from a std::sort comparison, work_c in the handler of an exception thrown three frames below.
// The stack: main (or thread_body) · burn · descend × (D + 1) · run of the stage · (std::sort's frames) · work_x.
#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "../c/options.h"

double iterations_per_ns = 0.5;
static options settings;

namespace hearth {

WORK(work_a)
WORK(work_b)
WORK(work_c)

struct Stage {
    virtual ~Stage() = default;
    virtual uint64_t run(uint64_t x) = 0;
};

struct Virtual final : Stage {
    KEPT uint64_t run(uint64_t x) override { return work_a(x, SHARE_A * UNIT, 0) + 1; }
};

/* Keeps a call in front of it from becoming a jump or a loop. */
static inline uint64_t returned(uint64_t x)
{
    asm volatile("" : "+r"(x));
    return x;
}

/* Orders two elements and works in the first seven comparisons: std::sort of eight makes at least so many. */
struct Compare {
    uint64_t *x;
    long *left;
    KEPT bool operator()(int first, int second) const
    {
        if (*left > 0) {
            *x = work_b(*x, SHARE_B * UNIT / 7, 0);
            --*left;
        }
        return first < second;
    }
};

struct Sorting final : Stage {
    KEPT uint64_t run(uint64_t x) override
    {
        std::array<int, 8> values{8, 7, 6, 5, 4, 3, 2, 1};
        long left = 7;
        std::sort(values.begin(), values.end(), Compare{&x, &left});
        if (left != 0)
            abort();
        return x + (uint64_t)values[0];
    }
};

KEPT uint64_t thrower(uint64_t x, int depth)
{
    if (depth == 0)
        throw std::runtime_error("expected");
    return returned(thrower(x, depth - 1));
}

struct Catching final : Stage {
    KEPT uint64_t run(uint64_t x) override
    {
        for (int i = 0; i < 5; i++) {
            try {
                x = thrower(x, 2);
            } catch (const std::runtime_error &) {
                x = work_c(x, SHARE_C * UNIT * 4, 0);
            }
        }
        return x;
    }
};

static const std::vector<std::unique_ptr<Stage>> &stages()
{
    static const auto all = [] {
        std::vector<std::unique_ptr<Stage>> made;
        made.push_back(std::make_unique<Virtual>());
        made.push_back(std::make_unique<Sorting>());
        made.push_back(std::make_unique<Catching>());
        return made;
    }();
    return all;
}

/* Catching does the share of twenty rounds in five throws: a throw costs microseconds and must not count. */
KEPT uint64_t descend(uint64_t x, long left)
{
    if (left > 0)
        return returned(descend(x, left - 1));
    for (int i = 0; i < 20; i++) {
        x = stages()[0]->run(x);
        x = stages()[1]->run(x);
    }
    return stages()[2]->run(x);
}

KEPT void burn()
{
    uint64_t x = 1, end = (uint64_t)(settings.seconds * 1e9);
    for (long i = 0; settings.entries ? i < settings.entries : clock_ns(CLOCK_THREAD_CPUTIME_ID) < end; i++)
        x = descend(x, settings.depth);
    asm volatile("" : : "r"(x));
}

KEPT void thread_body()
{
    burn();
    asm volatile("");
}

}  // namespace hearth

int main(int argc, char **argv)
{
    settings = parse_options(argc, argv);
    if (settings.signal || settings.plugin || settings.period_ns)
        usage("this option is the C program's");
    if (settings.self_check) {
        self_check(hearth::work_a, hearth::work_b, hearth::work_c);
        return 0;
    }
    announce(&settings);
    std::vector<std::thread> threads;
    for (long i = 1; i < settings.threads; i++)
        threads.emplace_back(hearth::thread_body);
    hearth::burn();
    for (auto &thread : threads)
        thread.join();
    report_end();
    return 0;
}
