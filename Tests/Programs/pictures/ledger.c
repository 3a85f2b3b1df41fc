/* Keeps a ledger, a third of a core; from the first SIGUSR1 on it also checks every entry twice. Prints "ready". */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define KEPT __attribute__((noinline, noclone, used))

static volatile sig_atomic_t is_careful;
static volatile uint64_t total;

static void become_careful(int number)
{
    (void)number;
    is_careful = 1;
}

KEPT void add_entry(uint64_t x, int rounds)
{
    for (int i = 0; i < rounds; i++)
        x = x * 6364136223846793005u + 1442695040888963407u;
    total += x;
}

KEPT void sum_accounts(uint64_t x)
{
    for (int i = 0; i < 4; i++)
        add_entry(x + (uint64_t)i, 500000);
    __asm__ volatile("" ::: "memory");
}

KEPT void check_twice(uint64_t x)
{
    add_entry(x, 1500000);
    __asm__ volatile("" ::: "memory");
}

KEPT void close_day(uint64_t day)
{
    sum_accounts(day);
    add_entry(day, 1000000);
    if (is_careful)
        check_twice(day);
    __asm__ volatile("" ::: "memory");
}

int main(void)
{
    struct timespec pause = {0, 12000000};
    signal(SIGUSR1, become_careful);
    puts("ready ledger");
    fflush(stdout);
    for (uint64_t day = 0;; day++) {
        close_day(day);
        nanosleep(&pause, NULL);
    }
}
