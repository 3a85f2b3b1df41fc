/* The work, in a shared object that split loads while it runs. */
#include "work.h"

double iterations_per_ns = 0.5;

WORK(work_a)
WORK(work_b)
WORK(work_c)

KEPT uint64_t plugin_rounds(uint64_t x, long count)
{
    for (long i = 0; i < count; i++) {
        x = work_a(x, SHARE_A * UNIT, 0);
        x = work_b(x, SHARE_B * UNIT, 0);
        x = work_c(x, SHARE_C * UNIT, 0);
    }
    return x;
}
