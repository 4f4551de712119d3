// SPDX-License-Identifier: BSD-3-Clause

// tworuntimes loads a library with a Go runtime of its own, which calls back: on one stack lie Go of
// the program, of the library, and of the program again.
package main

/*
#cgo CFLAGS: -O0
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

extern void outerWait(void);

typedef void (*callback)(void);
static int never[2];

static void wait_forever(void) { char c; while (read(never[0], &c, 1) != 1) { } }

static void call_library(void) {
	void *lib = dlopen("./lib.so", RTLD_NOW | RTLD_LOCAL);
	void (*enter)(callback) = lib == NULL ? NULL : (void (*)(callback))dlsym(lib, "innerEnter");

	if (enter == NULL || pipe(never) != 0) {
		_exit(3);
	}
	enter(outerWait);
}
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
)

//export outerWait
func outerWait() {
	fmt.Println("ready")
	C.wait_forever()
}

//go:noinline
func outerCall() { C.call_library() }

func main() {
	runtime.LockOSThread()
	go func() {
		os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}()
	outerCall()
}
