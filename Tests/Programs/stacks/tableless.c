// Compiled without unwind tables: `tableless`. Recorded by scripts/record-fixtures.
#define NOINLINE __attribute__((noinline, noclone))
#define KEEP_FRAME __asm__ volatile("" ::: "memory")

NOINLINE void stop_here(void) { KEEP_FRAME; }

NOINLINE long inner(long a) {
    volatile char local[24];
    local[0] = (char)a;
    stop_here();
    KEEP_FRAME;
    return local[0];
}

NOINLINE long middle(long a) {
    volatile char local[200];
    local[3] = (char)a;
    long result = inner(a + 1);
    KEEP_FRAME;
    return result + local[3];
}

int main(int count, char **words) {
    (void)words;
    long result = middle(count);
    KEEP_FRAME;
    return (int)result;
}
