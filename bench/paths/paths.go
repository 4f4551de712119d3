// SPDX-License-Identifier: BSD-3-Clause
package main

// #cgo LDFLAGS: -lpthread
// #include "paths.h"
import "C"

import (
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

//export pathsGoNothing
func pathsGoNothing() {}

// asError converts an errno that C returned to an error.
func asError(err C.int) error {
	if err == 0 {
		return nil
	}
	return syscall.Errno(err)
}

// lockedGoroutines runs n goroutines one after the other. Each ends its thread, so the next one
// needs a new thread.
func lockedGoroutines(n int) error {
	done := make(chan struct{})
	for i := 0; i < n; i++ {
		go func() {
			runtime.LockOSThread()
			done <- struct{}{}
		}()
		<-done
	}
	return nil
}

var values [2]string

var paths = map[string]path{
	"go-c": {run: func(n int) error {
		for i := 0; i < n; i += 4 {
			C.paths_nothing()
			C.paths_nothing()
			C.paths_nothing()
			C.paths_nothing()
		}
		return nil
	}},
	"c-go": {run: func(n int) error {
		C.paths_callback(C.int(n))
		return nil
	}},
	"thread-go": {run: func(n int) error { return asError(C.paths_thread_callbacks(C.int(n))) }},
	// Before C calls Go for the first time.
	"thread-go-no-keys": {run: func(n int) error {
		C.paths_take_keys()
		return asError(C.paths_thread_callbacks(C.int(n)))
	}},
	"thread-first-go": {run: func(n int) error {
		return asError(C.paths_threads(C.int(n)))
	}},
	"thread-first-call": {run: func(n int) error {
		return asError(C.paths_threads_first(C.int(n)))
	}, took: func() time.Duration { return time.Duration(C.paths_first_took()) }},
	"thread-alone": {run: func(n int) error {
		return asError(C.paths_threads_alone(C.int(n)))
	}},
	"thread-start": {run: lockedGoroutines},
	"sigaction": {run: func(n int) error {
		for i := 0; i < n; i++ {
			signal.Ignore(syscall.SIGUSR2)
			signal.Reset(syscall.SIGUSR2)
		}
		return nil
	}},
	"setenv": {prepare: func() error {
		values = [2]string{"a", "b"}
		return nil
	}, run: func(n int) error {
		for i := 0; i < n; i++ {
			if err := os.Setenv("RCGO_BENCH", values[i&1]); err != nil {
				return err
			}
		}
		return nil
	}},
	"unsetenv": {run: func(n int) error {
		for i := 0; i < n; i++ {
			if err := os.Setenv("RCGO_BENCH", strconv.Itoa(i&1)); err != nil {
				return err
			}
			if err := os.Unsetenv("RCGO_BENCH"); err != nil {
				return err
			}
		}
		return nil
	}},
	"setgid": {run: func(n int) error {
		gid := syscall.Getgid()
		for i := 0; i < n; i++ {
			if err := syscall.Setgid(gid); err != nil {
				return err
			}
		}
		return nil
	}},
}
