// SPDX-License-Identifier: BSD-3-Clause

// Prog is the program of the matrix, or the library or plugin that contains Go: prog HOW LIBRARY.
package main

// #include <stdlib.h>
// #include "matrix.h"
import "C"

import (
	"fmt"
	"os"
	"runtime"

	"runtime_cgo/test/compat/canary"
)

func fault() (ok bool) {
	defer func() { _, ok = recover().(runtime.Error) }()
	var p *[100]int
	p[5]++
	return false
}

// newThread makes Go start threads, which detect handlers that bypassed us.
func newThread() {
	done := make(chan bool)
	for i := 0; i < 4; i++ {
		go func() {
			runtime.LockOSThread()
			done <- true
		}()
	}
	for i := 0; i < 4; i++ {
		<-done
	}
}

//export matrixRun
func matrixRun(how, library *C.char) C.int {
	if C.matrix_install(how, library) != 0 {
		fmt.Println("cannot install")
		return 3
	}
	newThread()
	stop := canary.Watch(2)
	n := C.matrix_stress(2000)
	if _, bad := stop(); bad != 0 {
		fmt.Println("smashed")
		return 4
	}
	if n == 0 {
		fmt.Println("no signal")
		return 5
	}
	if !fault() {
		fmt.Println("no panic")
		return 6
	}
	fmt.Println("all is well")
	return 0
}

// Run is for a program that has loaded this as a plugin.
func Run(how, library string) int { return int(matrixRun(C.CString(how), C.CString(library))) }

func main() {
	if len(os.Args) != 3 {
		os.Exit(2)
	}
	os.Exit(Run(os.Args[1], os.Args[2]))
}
