// SPDX-License-Identifier: BSD-3-Clause
// Modes uses a little of every kind of call between Go and C; it is built in every way.
package main

// #include "modes.h"
import "C"

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

var calls int64

//export modesGo
func modesGo(n C.int) C.int {
	atomic.AddInt64(&calls, 1)
	return n + 1
}

func main() {
	if err := everything(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("modes ok")
}

func everything() error {
	if got := C.modes_back(41); got != 42 {
		return fmt.Errorf("a call back gave %d", got)
	}
	if err := C.modes_threads(8, 20); err != 0 {
		return syscall.Errno(err)
	}
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			runtime.LockOSThread()
			for j := 0; j < 20; j++ {
				C.modes_back(1)
			}
		}()
	}
	wg.Wait()
	runtime.GC()
	if n := atomic.LoadInt64(&calls); n != 1+160+160 {
		return fmt.Errorf("%d calls arrived", n)
	}
	return library()
}

// library tests what needs libc and signals.
func library() error {
	if err := os.Setenv("MODES", "set"); err != nil {
		return err
	}
	name := C.CString("MODES")
	defer C.free(unsafe.Pointer(name))
	if value := C.GoString(C.getenv(name)); value != "set" {
		return fmt.Errorf("C's environment has %q", value)
	}
	if err := syscall.Setgid(syscall.Getgid()); err != nil {
		return err
	}
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	if err := C.modes_raise(C.int(syscall.SIGUSR1)); err != 0 {
		return syscall.Errno(err)
	}
	select {
	case <-c:
	case <-time.After(20 * time.Second):
		return fmt.Errorf("the signal did not arrive")
	}
	defer func() { _ = recover() }()
	var p *[100]int
	p[5]++
	return fmt.Errorf("no fault")
}
