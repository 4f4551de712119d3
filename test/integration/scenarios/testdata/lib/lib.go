// SPDX-License-Identifier: BSD-3-Clause
// Lib is a Go library for C programs, with a slow initialization.
package main

import "C"

import (
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

var ready bool

func init() {
	time.Sleep(200 * time.Millisecond)
	ready = true
	if path := os.Getenv("LIB_SETS"); path != "" {
		go setWhenAsked(path)
	}
}

// setWhenAsked sets OF_GO once the file path exists, and removes the file.
func setWhenAsked(path string) {
	for {
		if _, err := os.Stat(path); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	os.Setenv("OF_GO", "go")
	os.Remove(path)
}

// libAdd adds. It returns -1000 if Go's initialization has not ended.
//
//export libAdd
func libAdd(a, b C.int) C.int {
	if !ready {
		return -1000
	}
	done := make(chan C.int)
	go func() { done <- a + b }()
	return <-done
}

// libFault recovers from a nil dereference; it returns 1 on success.
//
//export libFault
func libFault() (ok C.int) {
	defer func() {
		if _, isError := recover().(runtime.Error); isError {
			ok = 1
		}
	}()
	var p *[100]int
	p[5]++
	return 0
}

// libPreempt stops a goroutine that does not yield; it returns 1 on success.
//
//export libPreempt
func libPreempt() C.int {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	var stop, x int64
	done := make(chan bool)
	go func() {
		for atomic.LoadInt64(&stop) == 0 {
			for i := 0; i < 1<<24; i++ {
				x += int64(i)
			}
		}
		done <- true
	}()
	for i := 0; i < 20; i++ {
		runtime.GC()
	}
	atomic.StoreInt64(&stop, 1)
	<-done
	return 1
}

var (
	signals = make(chan os.Signal, 100)
	got     int64
)

func init() {
	go func() {
		for range signals {
			atomic.AddInt64(&got, 1)
		}
	}()
}

//export libNotify
func libNotify(sig C.int) { signal.Notify(signals, syscall.Signal(sig)) }

//export libStop
func libStop() { signal.Stop(signals) }

// libGot waits until n signals have arrived, or five seconds, and returns their number.
//
//export libGot
func libGot(n C.int) C.int {
	for i := 0; i < 500 && atomic.LoadInt64(&got) < int64(n); i++ {
		time.Sleep(10 * time.Millisecond)
	}
	return C.int(atomic.LoadInt64(&got))
}

// libPrint holds a lock of the Go runtime while it writes.
//
//export libPrint
func libPrint() { println("printed by Go") }

func main() {}
