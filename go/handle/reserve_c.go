// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

package handle

// #include "table.h"
import "C"

import "unsafe"

// reserve gives room for n words, or for fewer where there is less, that C can look at.
func reserve(n uint64) (unsafe.Pointer, uint64) {
	words := C.size_t(n)
	return unsafe.Pointer(C.rcgo_handle_reserve(&words)), uint64(words)
}
