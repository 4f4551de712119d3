// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

package handle

// #include "table.h"
import "C"

import "unsafe"

// reserve returns memory that C can read for n words, or for fewer if memory is short.
func reserve(n uint64) (unsafe.Pointer, uint64) {
	words := C.size_t(n)
	return unsafe.Pointer(C.rcgo_handle_reserve(&words)), uint64(words)
}
