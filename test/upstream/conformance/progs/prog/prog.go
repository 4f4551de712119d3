// SPDX-License-Identifier: BSD-3-Clause
// Package prog crosses between Go and C in every way, for the matrix of build modes.
package prog

/*
#cgo LDFLAGS: -lpthread
#include <stdlib.h>
#include "prog.h"
*/
import "C"

import (
	"sync/atomic"
	"unsafe"
)

var ticks int64

//export progTick
func progTick(n C.int) C.int {
	atomic.AddInt64(&ticks, int64(n))
	return n + 1
}

//export progDescend
func progDescend(depth C.int) C.int {
	if depth == 0 {
		return 0
	}
	return 1 + C.prog_descend(depth-1)
}

//export progPanic
func progPanic() {
	panic("through C")
}

func add(a, b int) int { return int(C.prog_add(C.int(a), C.int(b))) }

func descend(depth int) int { return int(C.prog_descend(C.int(depth))) }

func callPanic() { C.prog_panic() }

// threads lets n C threads call Go the given number of times each, and answers how many calls came
// back with the right value.
func threads(n, rounds int, altstack bool) int {
	alt := C.int(0)
	if altstack {
		alt = 1
	}
	return int(C.prog_threads(C.int(n), C.int(rounds), alt))
}

func signalSelf(sig int) int { return int(C.prog_signal_self(C.int(sig))) }

func spin(milliseconds int) uint64 { return uint64(C.prog_spin(C.int(milliseconds))) }

func cGetenv(name string) (string, bool) {
	cs := C.CString(name)
	defer C.free(unsafe.Pointer(cs))
	v := C.getenv(cs)
	if v == nil {
		return "", false
	}
	return C.GoString(v), true
}

func effectiveIDs(n int) int { return int(C.prog_same_gid(C.int(n))) }

func blockedSignals() int { return int(C.prog_blocked()) }
