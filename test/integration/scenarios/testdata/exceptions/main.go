// SPDX-License-Identifier: BSD-3-Clause
// Exceptions runs C++ that throws and catches exceptions while a CPU profile is taken: exceptions MS HZ FILE.
package main

// long exceptions(int ms);
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
)

func main() {
	ms, err1 := strconv.Atoi(os.Args[1])
	hz, err2 := strconv.Atoi(os.Args[2])
	f, err3 := os.Create(os.Args[3])
	if err1 != nil || err2 != nil || err3 != nil {
		panic("usage: exceptions MS HZ FILE")
	}
	if hz != 100 {
		runtime.SetCPUProfileRate(hz) // StartCPUProfile complains, and keeps this rate
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		panic(err)
	}
	caught := C.exceptions(C.int(ms))
	pprof.StopCPUProfile()
	if err := f.Close(); err != nil {
		panic(err)
	}
	fmt.Println(caught > 1000, "caught")
}
