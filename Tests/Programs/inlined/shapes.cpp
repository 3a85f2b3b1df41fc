// Inlined C++ of many shapes: templates, lambdas, methods, recursion that is inlined in parts, library algorithms.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <numeric>
#include <string>
#include <vector>

namespace shapes {

template <typename T> struct Square {
    T side;
    inline T area() const { return side * side; }
};

template <typename T> inline T total(const std::vector<Square<T>> &all)
{
    return std::accumulate(all.begin(), all.end(), T(0), [](T sum, const Square<T> &one) { return sum + one.area(); });
}

[[gnu::always_inline]] inline uint64_t mix(uint64_t x) { return (x ^ (x >> 31)) * 0x9e3779b97f4a7c15u; }

inline uint64_t fold(uint64_t x, int depth) { return depth == 0 ? x : mix(fold(mix(x) + depth, depth - 1)); }

struct Counter {
    std::map<std::string, int> words;
    void add(const std::string &word) { words[word] += static_cast<int>(word.size()); }
    int operator()(int start) const
    {
        for (const auto &[word, count] : words) start += count ^ word.front();
        return start;
    }
};

[[gnu::noinline]] int sorted(std::vector<int> values)
{
    std::sort(values.begin(), values.end(), [](int a, int b) { return (a ^ 5) < (b ^ 5); });
    return values.front() + values.back();
}

[[gnu::noinline]] int risky(int x)
{
    try {
        if (x % 3 == 0) throw std::string("three");
        return x;
    } catch (const std::string &text) {
        struct Local {
            int value;
            int twice() const { return value * 2; }
        };
        return Local{static_cast<int>(text.size())}.twice();
    }
}

} // namespace shapes

int main(int argc, char **)
{
    std::vector<shapes::Square<double>> squares(100, {argc * 1.5});
    shapes::Counter counter;
    for (int i = 0; i < 50; i++) counter.add("word" + std::to_string(i % 7));
    int sum = counter(argc) + shapes::sorted({5, 3, argc, 9, 1, 7}) + shapes::risky(argc);
    std::printf("%f %d %llu\n", shapes::total(squares), sum, (unsigned long long)shapes::fold(argc, 6));
}
