// SPDX-License-Identifier: BSD-3-Clause

// Package storm runs a C library in a Go program under a storm of signals, beside goroutines whose
// stacks are watched.
package storm

// #cgo CFLAGS: -Wall
// #include "storm.h"
import "C"

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync/atomic"
	"time"
)

// canary fills its frames with known words and looks at them again when deeper calls are over.
func canary(n int, want uint64) (bad int64) {
	var words [24]uint64
	for i := range words {
		words[i] = want + uint64(i)
	}
	if n > 0 {
		bad = canary(n-1, want*31+7)
	}
	for i, w := range words {
		if w != want+uint64(i) {
			bad++
		}
	}
	return bad
}

// Run calls work again and again, for as many seconds as the first argument of the program says,
// while all threads get SIGURG, SIGPROF, SIGCHLD and SIGUSR1. It ends the program with status 1
// when work fails, a frame of a goroutine changed, or a signal was lost.
func Run(name string, work func() error) {
	if err := run(name, work); err != nil {
		fmt.Printf("%s: %v\n", name, err)
		os.Exit(1)
	}
}

func run(name string, work func() error) error {
	seconds := 2
	if len(os.Args) > 1 {
		var err error
		if seconds, err = strconv.Atoi(os.Args[1]); err != nil {
			return err
		}
	}
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		return err
	}
	if C.storm_begin() != 0 {
		return fmt.Errorf("cannot begin a storm")
	}
	var stop, bad, rounds int64
	done := make(chan bool)
	for g := 0; g < 2; g++ {
		g := g
		go func() {
			for depth := g; atomic.LoadInt64(&stop) == 0; depth++ {
				fresh := make(chan int64)
				go func() { fresh <- canary(depth%61, uint64(depth)) }()
				atomic.AddInt64(&bad, <-fresh)
				atomic.AddInt64(&rounds, 1)
				if depth%256 == 0 {
					runtime.GC()
				}
			}
			done <- true
		}()
	}
	times, err := 0, error(nil)
	for end := time.Now().Add(time.Duration(seconds) * time.Second); err == nil && time.Now().Before(end); times++ {
		err = work()
	}
	atomic.StoreInt64(&stop, 1)
	<-done
	<-done
	C.storm_end()
	pprof.StopCPUProfile()
	counts := C.storm_counts()
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
