// SPDX-License-Identifier: BSD-3-Clause
// Frames has no traceback functions of its own: its C frames are found by runtime/cgo.
package main

// #cgo CFLAGS: -I${SRCDIR}/../../../../../include -I${SRCDIR}/../../../../../backtrace/include
// #include "frames.h"
import "C"

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What Go does in a call from C, innermost last.
var inGo func(arg int)

//export frGo
func frGo(arg C.int) { inGo(int(arg)) }

var cases = map[string]func(){
	"segv":      func() { C.fr_outer(C.FR_SEGV, 0) },
	"abort":     func() { C.fr_outer(C.FR_ABORT, 0) },
	"backtrace": func() { C.fr_outer(C.FR_BACKTRACE, 0) },
	"handler":   func() { C.fr_outer(C.FR_HANDLER, 0) },
	"chain":     func() { below(func() { C.fr_outer(C.FR_SEGV, 0) }) },
	"panic":     func() { below(func() { panic("in Go below C") }) },
	"stack":     func() { below(printStack) },
	"panics":    panics,
	"goroutines": func() {
		wait := make(chan bool)
		go below(func() { wait <- true; <-wait })
		<-wait
		// Go omits one until its goroutine for finalizers has begun to run.
		profile := goroutineProfile()
		for i := 0; i < 1000 && !strings.Contains(profile, "frGo"); i++ {
			time.Sleep(time.Millisecond)
			profile = goroutineProfile()
		}
		fmt.Print(profile)
		wait <- true
	},
	"many":    many,
	"profile": func() { profile(func(ms C.int) { C.fr_outer(C.FR_BUSY, ms) }) },
	"profile-thread": func() {
		profile(func(ms C.int) { C.fr_on_a_thread(C.FR_BUSY, ms) })
	},
	"small-stack":         smallStack,
	"profile-small-stack": func() { profile(func(ms C.int) { C.fr_on_a_small_stack(C.FR_BUSY, ms) }) },
	"nothing":             func() {},
	"callbacks":           callbacks,
}

// below runs f in Go, below C, below Go.
func below(f func()) {
	inGo = func(int) { f() }
	C.fr_outer(C.FR_CALL_GO, 0)
}

func printStack() {
	buf := make([]byte, 1<<16)
	fmt.Printf("%s\n", buf[:runtime.Stack(buf, false)])
}

func goroutineProfile() string {
	var text bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&text, 1); err != nil {
		return err.Error()
	}
	return text.String()
}

// Panics leave C frames behind; the next stack must not show them.
func panics() {
	for i := 0; i < 10000; i++ {
		func() {
			defer func() { _ = recover() }()
			below(func() { panic(i) })
		}()
	}
	below(printStack)
}

// Many threads of C and Go in nested calls, while stacks are printed and samples taken.
func many() {
	var depth func(n int)
	depth = func(n int) {
		if n > 0 {
			C.fr_outer(C.FR_CALL_GO, C.int(n-1))
		} else {
			buf := make([]byte, 1<<14)
			runtime.Stack(buf, false)
		}
	}
	inGo = depth
	var profiled bytes.Buffer
	if err := pprof.StartCPUProfile(&profiled); err != nil {
		panic(err)
	}
	done := make(chan bool)
	for i := 0; i < 8; i++ {
		go func() {
			for n := 0; n < 200; n++ {
				C.fr_outer(C.FR_CALL_GO, 5)
				C.fr_on_a_thread(C.FR_CALL_GO, 3)
			}
			done <- true
		}()
	}
	for i := 0; i < 8; i++ {
		_ = goroutineProfile()
		<-done
	}
	pprof.StopCPUProfile()
	fmt.Println("many done")
}

// Signals for Go arrive in C, below Go, below C with a small signal stack.
func smallStack() {
	got := make(chan os.Signal, 1)
	signal.Notify(got, syscall.SIGIO)
	inGo = func(int) { C.fr_outer(C.FR_RAISE, C.int(syscall.SIGIO)) }
	for i := 0; i < 100; i++ {
		C.fr_on_a_small_stack(C.FR_CALL_GO, 0)
		<-got
	}
}

// profile FILE MS: a CPU profile of busy C.
func profile(busy func(ms C.int)) {
	f, err := os.Create(os.Args[2])
	if err != nil {
		panic(err)
	}
	ms, err := strconv.Atoi(os.Args[3])
	if err != nil {
		panic(err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		panic(err)
	}
	busy(C.int(ms))
	pprof.StopCPUProfile()
	if err := f.Close(); err != nil {
		panic(err)
	}
}

// How long a call from C to Go takes.
func callbacks() {
	const n = 1000000
	inGo = func(arg int) {}
	start := time.Now()
	for i := 0; i < n; i++ {
		C.fr_outer(C.FR_CALL_GO, 0)
	}
	fmt.Printf("%.1f ns\n", float64(time.Since(start).Nanoseconds())/n)
}

func main() {
	debug.SetTraceback("all")
	if len(os.Args) < 2 || cases[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: frames CASE")
		os.Exit(2)
	}
	cases[os.Args[1]]()
	fmt.Println("done", os.Args[1])
}
