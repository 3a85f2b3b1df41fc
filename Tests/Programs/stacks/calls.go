// C frames on top of Go frames. Recorded by scripts/record-fixtures.
package main

/*
#include <stdlib.h>
__attribute__((noinline)) static void stop_here(void) { __asm__ volatile("" ::: "memory"); }
static int compare(const void *a, const void *b) {
	stop_here();
	return *(const int *)a - *(const int *)b;
}
static int sorted(void) {
	int numbers[] = {3, 1, 2};
	qsort(numbers, 3, sizeof numbers[0], compare);
	return numbers[0];
}
*/
import "C"

//go:noinline
func work(depth int) int {
	if depth == 0 {
		return int(C.sorted())
	}
	return work(depth-1) + 1
}

func main() { println(work(3)) }
