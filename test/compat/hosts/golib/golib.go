// SPDX-License-Identifier: BSD-3-Clause
// Golib is the Go library that every host of test/compat/hosts loads, built with stock and with ours.
package main

// #include <fcntl.h>
// #include <stdio.h>
// #include <stdlib.h>
// #include <string.h>
// #include <unistd.h>
//
// typedef int (*golib_callback)(int);
// static int golib_call(golib_callback f, int i) { return f(i); }
//
// extern const char *rcgo_build_info(void) __attribute__((weak));
//
// // Appends which runtime/cgo this library has to the file that GOLIB_WITNESS names.
// static void golib_witness(void) {
// 	const char *file = getenv("GOLIB_WITNESS"), *runtime = rcgo_build_info != NULL ? "ours\n" : "stock\n";
// 	int fd = file != NULL ? open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;
//
// 	if (fd >= 0) {
// 		if (write(fd, runtime, strlen(runtime)) < 0) {
// 			perror(file);
// 		}
// 		close(fd);
// 	}
// }
import "C"

import (
	"os"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func init() { C.golib_witness() }

// golib_add adds. It needs no other thread of Go.
//
//export golib_add
func golib_add(a, b C.int) C.int { return a + b }

// golib_work collects garbage and runs goroutines; it returns 1 on success.
//
//export golib_work
func golib_work() C.int {
	var sum int64
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			kept := make([][]byte, 0, 16)
			for j := 0; j < 64; j++ {
				kept = append(kept[:j%16], make([]byte, 4096))
				atomic.AddInt64(&sum, int64(len(kept[0]))/4096)
			}
		}()
	}
	wg.Wait()
	runtime.GC()
	if sum != 8*64 {
		return 0
	}
	return 1
}

// golib_fault recovers from a nil dereference; it returns 1 on success.
//
//export golib_fault
func golib_fault() (ok C.int) {
	defer func() {
		if _, is := recover().(runtime.Error); is {
			ok = 1
		}
	}()
	var p *[100]int
	p[5]++
	return 0
}

// golib_back calls f on n Go threads and returns the sum of its results.
//
//export golib_back
func golib_back(f C.golib_callback, n C.int) C.int {
	var sum int32
	var wg sync.WaitGroup
	for i := C.int(0); i < n; i++ {
		wg.Add(1)
		go func(i C.int) {
			defer wg.Done()
			runtime.LockOSThread()
			atomic.AddInt32(&sum, int32(C.golib_call(f, i)))
		}(i)
	}
	wg.Wait()
	return C.int(sum)
}

// golib_env sets a variable for C to read.
//
//export golib_env
func golib_env() {
	os.Setenv("GOLIB_SET", "by Go")
}

// golib_signal receives one SIGUSR1 of the process; it returns 1 on success.
//
//export golib_signal
func golib_signal() C.int {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	defer signal.Stop(c)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	select {
	case <-c:
		return 1
	case <-time.After(20 * time.Second):
		return 0
	}
}

func main() {}
