// SPDX-License-Identifier: BSD-3-Clause
// Ownframes has traceback functions of its own, like programs that link a symbolizer: set in init, in main, or while a
// profile runs.
package main

/*
#include <stdint.h>
#include <time.h>

static void own_crash(void) { *(volatile int *)16 = 1; }

static void own_busy(int ms) {
	clock_t end = clock() + (clock_t)ms * (CLOCKS_PER_SEC / 1000);
	while (clock() < end) {
	}
}

struct traceback { uintptr_t context, sigcontext, *buf, max; };
struct symbolizer { uintptr_t pc; const char *file; uintptr_t line; const char *func; uintptr_t entry, more, data; };

static void own_traceback(struct traceback *a) {
	a->buf[0] = (uintptr_t)own_crash + 1;
	if (a->max > 1) {
		a->buf[1] = 0;
	}
}

static void own_symbolizer(struct symbolizer *a) {
	a->file = "own.c";
	a->line = 77;
	a->func = "own_function";
}

static void *own_traceback_fn(void) { return own_traceback; }
static void *own_symbolizer_fn(void) { return own_symbolizer; }
*/
import "C"

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
)

func set() {
	runtime.SetCgoTraceback(0, C.own_traceback_fn(), nil, C.own_symbolizer_fn())
}

func init() {
	if os.Args[1] == "init" {
		set()
	}
}

func main() {
	debug.SetTraceback("all")
	var text bytes.Buffer
	switch os.Args[1] {
	case "main":
		set()
	case "late":
		if err := pprof.StartCPUProfile(&text); err != nil {
			panic(err)
		}
		C.own_busy(100)
		set()
		C.own_busy(100)
		pprof.StopCPUProfile()
	case "never":
	}
	fmt.Println("crash")
	C.own_crash()
}
