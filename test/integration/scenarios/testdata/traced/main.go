// SPDX-License-Identifier: BSD-3-Clause
// Traced repeats one action N times, for a test that counts its system calls: traced WHAT N.
package main

// #cgo LDFLAGS: -pthread
// #include "traced.h"
import "C"

import (
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

//export tracedNothing
func tracedNothing() {}

func main() {
	if len(os.Args) != 3 {
		os.Exit(2)
	}
	n, _ := strconv.Atoi(os.Args[2])
	switch os.Args[1] {
	case "starts":
		time.Sleep(50 * time.Millisecond) // until the threads of the start have started
	case "threads": // start and end
		for i := 0; i < n; i++ {
			done := make(chan bool)
			go func() {
				runtime.LockOSThread()
				done <- true
			}()
			<-done
		}
	case "go-signals":
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGUSR1)
		for i := 0; i < n; i++ {
			C.raise_usr1()
			<-c
		}
	case "c-signals":
		C.raise_usr2(C.int(n))
	case "calls":
		C.call_often(C.int(n))
	case "c-threads": // start, a call of Go, and end
		for i := 0; i < n; i++ {
			C.call_on_thread()
		}
	default:
		os.Exit(2)
	}
}
