// SPDX-License-Identifier: BSD-3-Clause
// Packed is a program for CGO_CFLAGS that change the layout of structures: its own C has none, and it uses those that
// Go and our runtime/cgo share.
package main

// static int one(void) { return 1; }
import "C"

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
		fmt.Println(err)
	}
	<-signals
	os.Setenv("PACKED", "1")
	done := make(chan C.int)
	for i := 0; i < 20; i++ {
		go func() {
			runtime.LockOSThread()
			done <- C.one()
		}()
	}
	for i := 0; i < 20; i++ {
		<-done
	}
	defer func() {
		if _, ok := recover().(runtime.Error); ok {
			fmt.Println("packed ok")
		}
	}()
	*(*C.int)(nil) = C.one()
}
