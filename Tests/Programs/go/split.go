// CPU time in work_a, work_b, work_c as 50 : 35 : 15. Each function has the same loop with a multiplier of its own;
// the loop is bound by the latency of the multiplication and the addition.
// The stack: runtime.goexit · runtime.main · main.main (or a goroutine's body) · main.burn · main.descend × D ·
// main.rounds · main.work_x.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"unsafe"
)

const unit, count = 2500, 40

var sink uint64

// CPU nanoseconds of the process (2) or of the thread (3).
func clockNs(clock uintptr) uint64 {
	var t syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&t)), 0)
	return uint64(t.Nano())
}

//go:noinline
func work_a(x, n uint64) uint64 {
	for ; n > 0; n-- {
		x = x*6364136223846793005 + 1
	}
	return x
}

//go:noinline
func work_b(x, n uint64) uint64 {
	for ; n > 0; n-- {
		x = x*2862933555777941757 + 1
	}
	return x
}

//go:noinline
func work_c(x, n uint64) uint64 {
	for ; n > 0; n-- {
		x = x*3202034522624059733 + 1
	}
	return x
}

//go:noinline
func rounds(x uint64) uint64 {
	for i := 0; i < count; i++ {
		x = work_a(x, 50*unit)
		x = work_b(x, 35*unit)
		x = work_c(x, 15*unit)
	}
	return x
}

//go:noinline
func descend(x uint64, left int) uint64 {
	var room [5]uint64
	room[left%5] = x
	if left > 1 {
		return descend(x, left-1) + room[0]
	}
	return rounds(x) + room[0]
}

//go:noinline
func burn(seconds float64, depth int) {
	var x uint64 = 1
	for float64(clockNs(3)) < seconds*1e9 {
		if depth > 0 {
			x = descend(x, depth)
		} else {
			x = rounds(x)
		}
	}
	sink = x
}

func selfCheck() {
	var ns [3]uint64
	var x uint64 = 1
	all := [3]func(uint64, uint64) uint64{work_a, work_b, work_c}
	shares := [3]uint64{50, 35, 15}
	for block := 0; block < 40; block++ {
		for i, work := range all {
			start := clockNs(3)
			x = work(x, shares[i]*unit*100)
			ns[i] += clockNs(3) - start
		}
	}
	fmt.Printf("check work_a=%d work_b=%d work_c=%d x=%d\n", ns[0], ns[1], ns[2], x)
}

func main() {
	seconds := flag.Float64("seconds", 10, "CPU time of each thread")
	threads := flag.Int("threads", 1, "")
	depth := flag.Int("depth", 0, "")
	check := flag.Bool("self-check", false, "")
	wait := flag.Bool("wait", false, "")
	flag.Parse()
	runtime.LockOSThread()
	if *check {
		selfCheck()
		return
	}
	fmt.Printf("ready PID=%d seconds=%g threads=%d depth=%d\n", os.Getpid(), *seconds, *threads, *depth)
	if *wait {
		os.Stdin.Read(make([]byte, 1))
	}
	var others sync.WaitGroup
	for i := 1; i < *threads; i++ {
		others.Add(1)
		go func() {
			runtime.LockOSThread()
			burn(*seconds, *depth)
			others.Done()
		}()
	}
	burn(*seconds, *depth)
	others.Wait()
	fmt.Printf("done cpu_ns=%d\n", clockNs(2))
}
