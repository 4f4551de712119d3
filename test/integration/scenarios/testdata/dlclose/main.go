// SPDX-License-Identifier: BSD-3-Clause
// Dlclose loads one library after the other at the same address, runs code in it and unloads it, while a CPU profile is
// taken at 1,000 Hz: dlclose SECONDS FILE LIBRARY-A LIBRARY-B. The profile has A's file for names that begin with B.
package main

// #cgo LDFLAGS: -ldl
// #include <dlfcn.h>
// #include "turn.h"
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"time"
)

func inA(path *C.char) C.long { return C.turn(path, C.CString("outer_a")) }
func inB(path *C.char) C.long { return C.turn(path, C.CString("outer_b")) }

func main() {
	seconds, err1 := strconv.Atoi(os.Args[1])
	f, err2 := os.Create(os.Args[2])
	if err1 != nil || err2 != nil {
		panic("usage: dlclose SECONDS FILE LIBRARY-A LIBRARY-B")
	}
	a, b := C.CString(os.Args[3]), C.CString(os.Args[4])
	idle := C.dlopen(a, C.RTLD_NOW)
	runtime.SetCPUProfileRate(1000) // StartCPUProfile complains, and keeps this rate
	if err := pprof.StartCPUProfile(f); err != nil {
		panic(err)
	}
	time.Sleep(50 * time.Millisecond) // it reads which files are mapped
	C.dlclose(idle)
	turns, replaced := 0, 0
	for end := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(end); turns++ {
		atB, atA := inB(b), inA(a)
		if atA <= 0 || atB <= 0 {
			fmt.Println("cannot load:", atA, atB)
			os.Exit(1)
		}
		if atA == atB {
			replaced++
		}
	}
	pprof.StopCPUProfile()
	if err := f.Close(); err != nil {
		panic(err)
	}
	fmt.Println(turns, "turns,", replaced > 0, "replaced")
}
