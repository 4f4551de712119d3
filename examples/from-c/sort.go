// SPDX-License-Identifier: BSD-3-Clause

package fromc

/*
#cgo CFLAGS: -D_GNU_SOURCE
#include <stdlib.h>

extern int fromc_compare(void *, void *, void *);
static void sort_stock(void *p, size_t n, size_t size)
{
	qsort_r(p, n, size, (int (*)(const void *, const void *, void *))fromc_compare, 0);
}
static void *qsort_fn(void) { return qsort_r; }
*/
import "C"

import (
	"unsafe"

	"rcgo.example/leaf"
)

var (
	qsort   = leaf.WithCallbacks[func(p unsafe.Pointer, n, size uintptr, compare, arg unsafe.Pointer)]("qsort_r", C.qsort_fn())
	compare = leaf.CallbackOf("compare", func(a, b *int32, _ unsafe.Pointer) int32 { return *a - *b })
)

//export fromc_compare
func fromc_compare(a, b, _ unsafe.Pointer) C.int { return C.int(*(*int32)(a) - *(*int32)(b)) }

// Sort sorts by the C library's qsort_r and a comparison in Go.
func Sort(list []int32, stock bool) {
	switch {
	case len(list) == 0:
	case stock:
		C.sort_stock(unsafe.Pointer(&list[0]), C.size_t(len(list)), 4)
	default:
		qsort(unsafe.Pointer(&list[0]), uintptr(len(list)), 4, compare.Pointer(), nil)
	}
}
