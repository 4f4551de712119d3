// SPDX-License-Identifier: BSD-3-Clause

//go:build arm64

// Sve fills scalable vectors in C, loops in Go while C handlers without SA_ONSTACK interrupt it, and checks the vectors
// again. Their state in a signal frame may be longer than the space in the frame itself.
package main

// #cgo CFLAGS: -march=armv8-a+sve
// #include "sve.h"
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"
)

var sink uint64

//go:noinline
func spin(n int) (here uintptr) {
	var local uint64
	for i := 0; i < n; i++ {
		local = local*6364136223846793005 + 1
	}
	sink += local
	return uintptr(unsafe.Pointer(&local)) // near the final address of local
}

func main() {
	runtime.LockOSThread()
	length := C.sve_length()
	if length == 0 {
		fmt.Println("sve none")
		return
	}
	if C.sve_start() != 0 {
		fmt.Println("no timer")
		os.Exit(1)
	}
	var counts [3]int
	interrupted := 0
	for seed := C.uint(0); interrupted < 100 && seed < 5000; seed++ {
		before := C.sve_hits()
		C.sve_fill(seed)
		spin(400000)
		counts[C.sve_check()]++
		if C.sve_hits() != before {
			interrupted++
		}
	}
	fmt.Printf("sve length %d: %d interrupted, %d kept, %d cut by system calls, %d wrong\n", length,
		interrupted, counts[0], counts[1], counts[2])
	if counts[2] != 0 || interrupted < 100 || counts[0] < counts[1] {
		os.Exit(1)
	}
	fmt.Println("sve ok")
}
