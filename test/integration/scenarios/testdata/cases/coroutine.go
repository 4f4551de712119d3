// SPDX-License-Identifier: BSD-3-Clause
package main

// #include "coroutine.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
)

func init() { cases["coroutine"] = caseCoroutine }

var coroutineCalls int

//export coroutineCalled
func coroutineCalled(i C.int) {
	if i < 0 {
		return
	}
	coroutineCalls++
	// Uses of the stack that need its bounds: growth, scanning, printing.
	deep(1000)
	runtime.GC()
	runtime.Stack(make([]byte, 10000), false)
}

func deep(n int) (sum int) {
	var room [64]byte
	if n > 0 {
		return deep(n-1) + int(room[n%64])
	}
	return 0
}

// caseCoroutine: coroutine here|thread|at-once [told].
func caseCoroutine(args []string) error {
	const calls = 5
	where, ok := map[string]C.enum_coroutine_where{"here": C.COROUTINE_HERE,
		"thread": C.COROUTINE_ON_THREAD, "at-once": C.COROUTINE_AT_ONCE}[args[0]]
	if !ok {
		return errors.New("no such place")
	}
	told := C.int(len(args) - 1)
	for round := 1; round <= 3; round++ {
		if err := C.coroutine_run(where, calls, told); err != 0 {
			return syscall.Errno(err)
		}
		if coroutineCalls != calls*round {
			return fmt.Errorf("%d calls in %d rounds of %d", coroutineCalls, round, calls)
		}
	}
	return nil
}
