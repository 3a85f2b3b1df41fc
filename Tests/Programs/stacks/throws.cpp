// Exceptions in flight: `throws WHAT`. Recorded by scripts/record-fixtures.
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#define KEEP_FRAME asm volatile("" ::: "memory")
#define NOINLINE __attribute__((noinline))

NOINLINE void stop_here() { KEEP_FRAME; }

struct Guard {
    NOINLINE ~Guard() {
        stop_here();
        KEEP_FRAME;
    }
};

NOINLINE int thrower(int a) {
    std::vector<int> numbers(static_cast<size_t>(a), 3);
    if (a > 0) throw std::runtime_error("as planned");
    return numbers.empty() ? 0 : numbers[0];
}

NOINLINE int guarded(int a) {
    Guard guard;
    int result = thrower(a);
    KEEP_FRAME;
    return result + 1;
}

NOINLINE int catcher(int a) {
    try {
        return guarded(a);
    } catch (const std::exception &error) {
        stop_here();
        return static_cast<int>(std::strlen(error.what()));
    }
}

NOINLINE int again(int a) {
    try {
        return guarded(a);
    } catch (...) {
        throw;
    }
}

NOINLINE void unexpected(int a) noexcept {
    thrower(a);
    KEEP_FRAME;
}

int main(int count, char **words) {
    const char *what = count > 1 ? words[1] : "caught";
    if (!std::strcmp(what, "terminate")) unexpected(count);
    if (!std::strcmp(what, "rethrown")) {
        try {
            return again(count);
        } catch (...) {
            stop_here();
            return 1;
        }
    }
    return catcher(count);
}
