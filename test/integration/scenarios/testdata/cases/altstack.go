// SPDX-License-Identifier: BSD-3-Clause
package main

// #include <signal.h>
// #include "altstack.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

func init() {
	cases["altstack-size"] = caseAltstackSize
	cases["altstack-off"] = caseAltstackOff
	cases["altstack-thread"] = caseAltstackThread
	cases["altstack-overflow"] = func([]string) error {
		runtime.LockOSThread()
		C.altstack_overflow()
		return errors.New("it goes on")
	}
	cases["mask-fault"] = caseMaskFault
	cases["mask-gc"] = caseMaskGC
	cases["mask-elsewhere"] = caseMaskElsewhere
	cases["mask-off"] = caseMaskOff
}

var inGo error

//export altstackInGo
func altstackInGo() {
	if err := caseSegvGo(nil); err != nil {
		inGo = err
	}
	runtime.GC()
}

// onThread runs f on a thread of its own, which ends with it.
func onThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		done <- f()
	}()
	return <-done
}

// Every Go thread has an alternate stack of 64 KiB or more, and stacks of ended threads are reused.
func caseAltstackSize([]string) error {
	places := map[C.uintptr_t]bool{}
	for i := 0; i < 200; i++ {
		err := onThread(func() error {
			places[C.altstack_at()] = true
			if size := C.altstack_size(); size < 65536 {
				return fmt.Errorf("%d bytes", size)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if len(places) > 50 {
		return fmt.Errorf("200 threads one after another had %d stacks", len(places))
	}
	return nil
}

// C turns off its thread's alternate stack, and a nil dereference in Go is still a panic.
func caseAltstackOff([]string) error {
	for _, f := range []func() C.int{
		func() C.int { return C.altstack_turn_off() },
		func() C.int { return C.altstack_own_and_off() },
	} {
		f := f
		for i := 0; i < 3; i++ {
			err := onThread(func() error {
				if n := f(); n != 0 {
					return fmt.Errorf("C failed: %d", n)
				}
				return caseSegvGo(nil)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// The same on C threads, without an alternate stack and with one.
func caseAltstackThread([]string) error {
	for i := C.int(0); i < 6; i++ {
		if C.altstack_thread(i%2) != 0 {
			return fmt.Errorf("C failed on thread %d", i)
		}
		if inGo != nil {
			return inGo
		}
	}
	return nil
}

// C blocks the signals of Go's faults, and a nil dereference in Go is still a panic.
func caseMaskFault([]string) error {
	for how := C.int(0); how < 6; how++ {
		err := onThread(func() error {
			for _, sig := range []C.int{C.SIGSEGV, C.SIGBUS, C.SIGFPE, C.SIGILL, C.SIGTRAP, C.SIGURG} {
				if C.mask_block(sig, how) != 0 {
					return fmt.Errorf("signal %d is blocked, way %d", sig, how)
				}
			}
			if C.mask_block(C.SIGUSR2, how) != 1 {
				return fmt.Errorf("SIGUSR2 is not blocked, way %d", how)
			}
			if how < 2 && C.mask_block(0, how) != 1 {
				return errors.New("a mask of all signals was lost")
			}
			return caseSegvGo(nil)
		})
		if err != nil {
			return err
		}
	}
	if C.mask_thread() != 0 {
		return errors.New("C failed on its thread")
	}
	return inGo
}

// C blocks SIGURG on the thread of a goroutine that never yields, and Go preempts it.
func caseMaskGC([]string) error {
	runtime.GOMAXPROCS(2)
	started := make(chan bool)
	var x, stop int64
	go func() {
		runtime.LockOSThread()
		C.mask_block(C.SIGURG, 0)
		started <- true
		for {
			for i := int64(0); i < 1<<40; i++ {
				x++
			}
			if atomic.LoadInt64(&stop) != 0 {
				return
			}
		}
	}()
	<-started
	start := time.Now()
	for i := 0; i < 20; i++ {
		runtime.GC()
	}
	if took := time.Since(start); took > 10*time.Second {
		return fmt.Errorf("20 collections took %v", took)
	}
	return nil
}

// C alone decides the masks of threads without Go, and of children.
func caseMaskElsewhere([]string) error {
	return onThread(func() error {
		if n := C.mask_elsewhere(); n != 0 {
			return fmt.Errorf("step %d", n)
		}
		return nil
	})
}

// With RCGO=signals=off C's masks stay as they are.
func caseMaskOff([]string) error {
	if !strings.Contains(os.Getenv("RCGO"), "signals=off") {
		return errors.New("RCGO lacks signals=off")
	}
	return onThread(func() error {
		defer C.mask_open()
		for how := C.int(0); how < 2; how++ {
			if C.mask_block(C.SIGURG, how) != 1 {
				return fmt.Errorf("SIGURG is open, way %d", how)
			}
		}
		if size := C.altstack_size(); size != 32768 {
			return fmt.Errorf("a signal stack of %d bytes, not Go's", size)
		}
		return nil
	})
}
