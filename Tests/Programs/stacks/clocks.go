// Go frames under the vDSO. Recorded by scripts/record-fixtures.
package main

import "time"

//go:noinline
func ask() time.Time { return time.Now() }

//go:noinline
func work(depth int) int64 {
	if depth == 0 {
		return ask().UnixNano()
	}
	return work(depth-1) + 1
}

func main() {
	if work(4) == 0 {
		panic("no time")
	}
}
