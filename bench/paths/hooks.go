// SPDX-License-Identifier: BSD-3-Clause

//go:build !plain

package main

// #include "paths.h"
// #include "profile.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"unsafe"
)

func traceback() error {
	runtime.SetCgoTraceback(0, unsafe.Pointer(C.paths_traceback), nil, nil)
	return nil
}

func context() error {
	runtime.SetCgoTraceback(0, unsafe.Pointer(C.paths_traceback), unsafe.Pointer(C.paths_context), nil)
	return nil
}

// Paths of a program with its own traceback functions. A program that calls runtime.SetCgoTraceback
// gets no C frames by default, so the program of -tags=plain does not contain these paths.
func init() {
	paths["c-go-context"] = path{prepare: context, run: func(n int) error {
		C.paths_callback(C.int(n))
		return nil
	}, check: func() error {
		if C.paths_contexts() == 0 {
			return errors.New("the context function was not called")
		}
		return nil
	}}
	paths["sigprof-in-c"] = path{prepare: traceback, run: func(n int) error {
		return asError(C.paths_signals(C.int(syscall.SIGPROF), C.int(n)))
	}, check: func() error {
		if C.paths_tracebacks() == 0 {
			return errors.New("the traceback function was not called")
		}
		return nil
	}}
	paths["sigurg-in-c"] = path{prepare: traceback, run: func(n int) error {
		return asError(C.paths_signals(C.int(syscall.SIGURG), C.int(n)))
	}}
	paths["sample-libgcc"] = path{prepare: func() error {
		runtime.SetCgoTraceback(0, unsafe.Pointer(C.profile_by_libgcc), nil, nil)
		return nil
	}, run: deepSignals, check: func() error {
		if n := C.profile_least(); n < sampleDepth {
			return fmt.Errorf("libgcc found %d frames", n)
		}
		return nil
	}}
}
