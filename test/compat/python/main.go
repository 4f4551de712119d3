// SPDX-License-Identifier: BSD-3-Clause

//go:build compat

// Python is CPython in a Go program, with its faulthandler, which handles faults on an alternate stack of its own, and
// with handlers written in Python.
package main

// #cgo CFLAGS: -Wall
// #cgo pkg-config: python3-embed
// #include <stdlib.h>
// #include "python.h"
import "C"

import (
	_ "embed"
	"errors"
	"runtime"
	"unsafe"

	"runtime_cgo/test/compat/stress"
)

//go:embed work.py
var program string

//export workInGo
func workInGo(n C.int) C.int {
	return C.int(stress.Work(int(n)))
}

func init() { runtime.LockOSThread() }

func main() {
	text := C.CString(program)
	defer C.free(unsafe.Pointer(text))
	if C.python_start(text) != 0 {
		panic("cannot start")
	}
	stress.Run("cpython", func() error {
		if C.python_round() != 0 {
			return errors.New("an exception in Python")
		}
		return stress.Fault()
	})
}
