// SPDX-License-Identifier: BSD-3-Clause
// Overlay: describes C frames by default. Go's two hook variables get their first values here, as
// iscgo does. So this file does not call runtime.SetCgoTraceback, and the linker keeps that
// function only in programs that call it: see x_cgo_default_start, and doc/decisions.

//go:build linux || freebsd

package cgo

import "unsafe"

//go:cgo_import_static x_cgo_default_start
//go:linkname x_cgo_default_start x_cgo_default_start
var x_cgo_default_start byte

//go:cgo_import_static x_cgo_default_traceback
//go:linkname x_cgo_default_traceback x_cgo_default_traceback
var x_cgo_default_traceback byte

//go:cgo_import_static x_cgo_default_symbolizer
//go:linkname x_cgo_default_symbolizer x_cgo_default_symbolizer
var x_cgo_default_symbolizer byte

//go:linkname rcgo_traceback runtime.cgoTraceback
var rcgo_traceback = unsafe.Pointer(&x_cgo_default_traceback)

//go:linkname rcgo_symbolizer runtime.cgoSymbolizer
var rcgo_symbolizer = unsafe.Pointer(&x_cgo_default_symbolizer)

// The runtime exports findfunc for linkname, as it does runtime.cgocall. Not every version exports
// the variables that hold modules.
//
//go:linkname rcgo_findfunc runtime.findfunc
func rcgo_findfunc(pc uintptr) (function, module unsafe.Pointer)

//go:linkname rcgo_main main.main
func rcgo_main()

//go:linkname rcgo_cgocall runtime.cgocall
func rcgo_cgocall(fn, arg unsafe.Pointer) int32

// Go's variable for the file of debug.SetCrashOutput (Go 1.23 and later). It is all ones while
// there is none, before and after Go starts. Earlier versions do not use the name.
//
//go:linkname rcgo_crash_fd runtime.crashFD
var rcgo_crash_fd = ^uintptr(0)

// The argument for C is a global, because C must not get pointers to a Go stack.
var rcgo_default_start struct {
	traceback  *unsafe.Pointer
	symbolizer *unsafe.Pointer
	module     unsafe.Pointer
	crash_fd   *uintptr
	m          unsafe.Pointer
	locks      uintptr
}

//go:linkname rcgo_pin sync.runtime_procPin
func rcgo_pin() int

//go:linkname rcgo_unpin sync.runtime_procUnpin
func rcgo_unpin()

// rcgo_locks_offset returns the offset of m.locks in the M m of the calling thread, in bytes, or 0.
// Each pin increments this field, which lies at another offset in each version of Go.
func rcgo_locks_offset(m unsafe.Pointer) uintptr {
	const pins = 3
	if m == nil {
		return 0
	}
	words := (*[128]int32)(m)
	rcgo_pin()
	before := *words
	for i := 0; i < pins; i++ {
		rcgo_pin()
	}
	pinned := *words
	for i := 0; i <= pins; i++ {
		rcgo_unpin()
	}
	offset := uintptr(0)
	for i := range pinned {
		if pinned[i]-before[i] == pins {
			if offset != 0 {
				return 0
			}
			offset = uintptr(i) * unsafe.Sizeof(pinned[0])
		}
	}
	return offset
}

func init() {
	// A func value points to the address of its code. main.main is certain to lie in the
	// program's main module. In a program of several modules, runtime/cgo lies in another one.
	main := rcgo_main
	_, module := rcgo_findfunc(**(**uintptr)(unsafe.Pointer(&main)))
	rcgo_default_start.traceback = &rcgo_traceback
	rcgo_default_start.symbolizer = &rcgo_symbolizer
	rcgo_default_start.module = module
	rcgo_default_start.crash_fd = &rcgo_crash_fd
	rcgo_cgocall(unsafe.Pointer(&x_cgo_default_start), unsafe.Pointer(&rcgo_default_start))
	rcgo_default_start.locks = rcgo_locks_offset(rcgo_default_start.m)
}
