// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

package cmem

// #include <stdlib.h>
// #include <string.h>
//
// // cgo declares a function anew when Go takes its address, and gcc warns when it knows that one.
// static void *strlen_fn(void) { return (void *)strlen; }
import "C"

import (
	"unsafe"

	"rcgo.example/leaf"
)

var strlen = quickStrlen()

func quickStrlen() (f func(unsafe.Pointer) uintptr) {
	if err := leaf.Bind(&f, "strlen", C.strlen_fn()); err != nil {
		f = func(p unsafe.Pointer) uintptr { return uintptr(C.strlen((*C.char)(p))) }
	}
	return f
}

// allocate returns n bytes, a multiple of align, or nil.
func allocate(n uintptr) unsafe.Pointer { return C.aligned_alloc(align, C.size_t(n)) }

func allocateZeroed(n uintptr) unsafe.Pointer { return C.calloc(1, C.size_t(n)) }

func release(p unsafe.Pointer) { C.free(p) }
