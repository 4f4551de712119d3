// SPDX-License-Identifier: BSD-3-Clause

//go:build !cgo

package cmem

import (
	"sync"
	"unsafe"
)

// Without C all memory is Go's. Allocated memory is kept here until it is released.
var given sync.Map // from unsafe.Pointer to []byte

func allocate(n uintptr) unsafe.Pointer {
	b := make([]byte, n+align)
	p := unsafe.Pointer(&b[0])
	p = unsafe.Add(p, -uintptr(p)&(align-1))
	given.Store(p, b)
	return p
}

func allocateZeroed(n uintptr) unsafe.Pointer { return allocate(n) }

func release(p unsafe.Pointer) { given.Delete(p) }

func strlen(p unsafe.Pointer) uintptr {
	n := uintptr(0)
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return n
}
