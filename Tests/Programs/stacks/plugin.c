// A library for shapes: calls back.
__attribute__((noinline)) static int inner(void (*callback)(void)) {
    volatile char local[72];
    local[1] = 2;
    callback();
    __asm__ volatile("" ::: "memory");
    return local[1];
}

int plugin_call(void (*callback)(void)) { return inner(callback) + 1; }
