// SPDX-License-Identifier: BSD-3-Clause
package main

// #include "callbacks.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

func init() {
	cases["nest"] = caseNested
	cases["panic"] = casePanics
	cases["threads"] = func([]string) error { return threads(C.THREAD_PLAIN, 50, 50, 1000) }
	cases["threads-leak"] = caseLeak
	cases["threads-small-stack"] = func([]string) error { return threads(C.THREAD_SMALL_STACK, 200, 8, 20) }
	cases["threads-blocked"] = func([]string) error { return threads(C.THREAD_SIGNALS_BLOCKED, 50, 8, 200) }
	cases["threads-key"] = caseKey
	cases["threads-started"] = caseThreadsStarted
}

//export caseNest
func caseNest(depth C.int) C.int {
	if depth == 5 {
		grow(200) // the Go stack moves while C frames are between
		runtime.GC()
	}
	return C.nest(depth)
}

func grow(n int) byte {
	var frame [1024]byte
	frame[n] = byte(n)
	if n > 0 {
		return grow(n-1) + frame[n]
	}
	return 0
}

// Go → C → Go → C …, ten deep, many times.
func caseNested([]string) error {
	for i := 0; i < 1000; i++ {
		if got := C.nest(10); got != 10 {
			return fmt.Errorf("%d levels of 10", got)
		}
	}
	return nil
}

//export casePanic
func casePanic(value C.int) {
	panic(int(value))
}

// A panic passes C frames and is recovered in Go; further calls work, and so does the next panic.
func casePanics([]string) error {
	for i := 0; i < 1000; i++ {
		err := func() (err error) {
			defer func() {
				if got := recover(); got != i {
					err = fmt.Errorf("recovered %v, want %d", got, i)
				}
			}()
			C.through_c(C.int(i))
			return errors.New("no panic")
		}()
		if err != nil {
			return err
		}
		if got := C.nest(3); got != 3 {
			return fmt.Errorf("after a panic: %d levels of 3", got)
		}
	}
	return nil
}

var count, keyEnds int64

//export caseCount
func caseCount() {
	if atomic.AddInt64(&count, 1)%512 == 0 {
		runtime.Gosched()
	}
}

//export caseKeyEnds
func caseKeyEnds(_ unsafe.Pointer) { atomic.AddInt64(&keyEnds, 1) }

// threads runs C threads and requires that every call of theirs arrived.
func threads(kind, n, together, calls int) error {
	atomic.StoreInt64(&count, 0)
	stop := make(chan bool)
	go func() { // collections stop the world during callbacks
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				runtime.GC()
			}
		}
	}()
	defer close(stop)
	if err := C.run_threads(C.int(kind), C.int(n), C.int(together), C.int(calls)); err != 0 {
		return syscall.Errno(err)
	}
	if got, want := atomic.LoadInt64(&count), int64(n)*int64(calls); got != want {
		return fmt.Errorf("%d calls of %d arrived", got, want)
	}
	return nil
}

func tasks() (int, error) {
	names, err := os.ReadDir("/proc/self/task")
	return len(names), err
}

// flat runs something twice. The second run must not need more Ms, threads or address space than the first, except for
// the few threads that the scheduler may add at any time. Stacks of threads that are never joined would take address
// space.
func flat(run func() error) error {
	const few = 8
	const muchSpace = 512 * 1024 // KiB: 64 stacks
	profile := pprof.Lookup("threadcreate")
	var ms, threads [2]int
	var space [2]uint64
	for i := 0; i < 2; i++ {
		if err := run(); err != nil {
			return err
		}
		var err error
		if threads[i], err = settledTasks(threads[0]+few, i > 0); err != nil {
			return err
		}
		if space[i], err = inUse("VmSize:", 0); err != nil {
			return err
		}
		ms[i] = profile.Count()
	}
	fmt.Printf("Ms %d then %d, threads %d then %d, KiB %d then %d\n", ms[0], ms[1], threads[0], threads[1],
		space[0], space[1])
	if ms[1] > ms[0]+few || threads[1] > threads[0]+few || space[1] > space[0]+muchSpace {
		return errors.New("they leak")
	}
	return nil
}

// settledTasks counts the threads of this process. With wait, it waits until no more than enough are left: on a busy
// machine the kernel takes time to end a thread.
func settledTasks(enough int, wait bool) (int, error) {
	deadline := time.Now().Add(10 * time.Second)
	for {
		n, err := tasks()
		if err != nil || !wait || n <= enough || time.Now().After(deadline) {
			return n, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// 10,000 C threads start, call Go and end.
func caseLeak([]string) error {
	return flat(func() error { return threads(C.THREAD_PLAIN, 5000, 8, 1) })
}

// Destructors of the user's keys, before and after Go's key, call Go on a thread that ends.
func caseKey([]string) error {
	const n = 500
	runs := int64(0)
	return flat(func() error {
		runs++
		if err := threads(C.THREAD_WITH_KEY, n, 8, 3); err != nil {
			return err
		}
		if got := atomic.LoadInt64(&keyEnds); got != 2*n*runs {
			return fmt.Errorf("%d calls from key destructors, want %d", got, 2*n*runs)
		}
		return nil
	})
}

// The thread of a goroutine that ends while locked ends too; Go starts new threads.
func caseThreadsStarted([]string) error {
	return flat(func() error {
		done := make(chan bool)
		for i := 0; i < 300; i++ {
			go func() {
				runtime.LockOSThread()
				C.nest(2)
				done <- true
			}()
			<-done
		}
		return nil
	})
}
