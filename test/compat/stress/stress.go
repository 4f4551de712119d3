// SPDX-License-Identifier: BSD-3-Clause

// Package stress runs a C library in a Go program under a stream of signals, beside goroutines whose stacks are
// watched.
package stress

// #cgo CFLAGS: -Wall
// #include "stress.h"
import "C"

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"time"

	"runtime_cgo/test/compat/canary"
)

// Run calls work repeatedly, for as many seconds as the first argument of the program says, while all threads get
// SIGURG, SIGPROF, SIGCHLD and SIGUSR1. It ends the program with status 1 if work fails, a frame of a goroutine
// changes, or a signal is lost.
func Run(name string, work func() error) { begin(name, true, work) }

// RunWithoutProf leaves SIGPROF to the library.
func RunWithoutProf(name string, work func() error) { begin(name, false, work) }

func begin(name string, prof bool, work func() error) {
	if err := run(name, prof, work); err != nil {
		fmt.Printf("%s: %v\n", name, err)
		os.Exit(1)
	}
}

func run(name string, prof bool, work func() error) error {
	seconds := 2
	if len(os.Args) > 1 {
		var err error
		if seconds, err = strconv.Atoi(os.Args[1]); err != nil {
			return err
		}
	}
	if prof {
		if err := pprof.StartCPUProfile(io.Discard); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if C.stress_begin(C.bool(prof)) != 0 {
		return fmt.Errorf("cannot begin a stress")
	}
	stop := canary.Watch(2)
	times, err := 0, error(nil)
	for end := time.Now().Add(time.Duration(seconds) * time.Second); err == nil && time.Now().Before(end); times++ {
		err = work()
	}
	rounds, bad := stop()
	C.stress_end()
	counts := C.stress_counts()
	fmt.Printf("%s: %d times, %d signals, %d of them to C, %d lost; %d goroutines, %d words changed\n",
		name, times, counts.sent, counts.handled, counts.lost, rounds, bad)
	switch {
	case err != nil:
		return err
	case bad != 0:
		return fmt.Errorf("stacks of goroutines were written to")
	case counts.lost != 0:
		return fmt.Errorf("signals were lost")
	case counts.handled == 0 || times == 0:
		return fmt.Errorf("nothing happened")
	}
	return nil
}

// Fault dereferences nil in Go; it returns an error if there is no panic.
func Fault() (err error) {
	defer func() {
		if _, ok := recover().(runtime.Error); !ok {
			err = fmt.Errorf("a nil pointer is no panic")
		}
	}()
	var p *struct{ x [100]int }
	p.x[7]++
	return nil
}

// Work is the Go function that C calls: it returns n + 1, after a fault, or -1 if the fault was no panic.
func Work(n int) int {
	if Fault() != nil {
		return -1
	}
	return n + 1
}
