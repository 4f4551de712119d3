// SPDX-License-Identifier: BSD-3-Clause

package ccall

// #include "leafcall.h"
import "C"

// TLS gives the offsets from the thread pointer at which thread-local storage has a value, in a C call.
func TLS(value uintptr) []uintptr {
	var at [16]C.uintptr_t
	var list []uintptr
	for _, offset := range at[:C.rcgo_leaf_tls(C.uintptr_t(value), &at[0], C.size_t(len(at)))] {
		list = append(list, uintptr(offset))
	}
	return list
}
