// SPDX-License-Identifier: BSD-3-Clause

//go:build purego

package main

// #include "paths.h"
import "C"

import (
	"unsafe"

	"github.com/ebitengine/purego"
)

// The same calls by purego, which calls C without cgo: by its public interface, which makes a Go
// function from a C function, and by its low-level call.
var (
	puregoNothing func()
	puregoAdd     func(a, b int) int
)

func bindPurego() error {
	purego.RegisterFunc(&puregoNothing, uintptr(unsafe.Pointer(C.paths_nothing)))
	purego.RegisterFunc(&puregoAdd, uintptr(unsafe.Pointer(C.paths_add)))
	return nil
}

func init() {
	paths["purego"] = path{prepare: bindPurego, run: func(n int) error {
		for i := 0; i < n; i++ {
			puregoNothing()
		}
		return nil
	}}
	paths["purego-2"] = path{prepare: bindPurego, run: func(n int) error {
		for i := 0; i < n; i++ {
			puregoAdd(i, 1)
		}
		return nil
	}}
	paths["purego-syscalln"] = path{run: func(n int) error {
		for i := 0; i < n; i++ {
			purego.SyscallN(uintptr(unsafe.Pointer(C.paths_nothing)))
		}
		return nil
	}}
	callback := purego.NewCallback(func() uintptr { return 0 })
	paths["purego-callback"] = path{run: func(n int) error {
		C.paths_call_back(C.uintptr_t(callback), C.int(n))
		return nil
	}}
}
