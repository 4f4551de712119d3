// SPDX-License-Identifier: BSD-3-Clause

//go:build compat

// Gc is Boehm's garbage collector (libgc) in a Go program: it stops C threads that are in C or, by a call, in Go.
package main

// #cgo CFLAGS: -Wall -pthread
// #cgo LDFLAGS: -lgc
// #include "gc.h"
import "C"

import (
	"fmt"

	"runtime_cgo/test/compat/stress"
)

var sink [8]int

//export workInGo
func workInGo(i C.int) {
	for n := 0; n < 2000; n++ {
		sink[n%8] += int(i) * n
	}
}

func main() {
	if C.gc_start() != 0 {
		panic("cannot start")
	}
	stress.Run("libgc", func() error {
		if bad := C.gc_round(); bad != 0 {
			return fmt.Errorf("%d words of the collector's memory are wrong", bad)
		}
		return nil
	})
	fmt.Println("collections:", C.gc_collections())
}
