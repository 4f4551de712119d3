// SPDX-License-Identifier: BSD-3-Clause

// Package cmemtest is the C side of the tests of package cmem.
package cmemtest

/*
#include <stdlib.h>
#include <string.h>

struct item { int number; char *name; double weight; };

static size_t join(char **list, char *out, size_t room)
{
	size_t n = 0;

	for (; *list != NULL && n + strlen(*list) < room; list++) {
		memcpy(out + n, *list, strlen(*list));
		n += strlen(*list);
	}
	return n;
}

static double weigh(const struct item *items, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += items[i].weight * (double)strlen(items[i].name) * items[i].number;
	}
	return sum;
}

static void *strlen_fn(void) { return (void *)strlen; }
*/
import "C"

import "unsafe"

// Strlen is the address of strlen.
var Strlen = C.strlen_fn()

// Item mirrors struct item.
type Item struct {
	Number int32
	Name   unsafe.Pointer
	Weight float64
}

// Length is an ordinary cgo call of strlen.
func Length(p unsafe.Pointer) int { return int(C.strlen((*C.char)(p))) }

// Join joins the strings of a char ** in C.
func Join(list unsafe.Pointer) string {
	out := make([]byte, 1<<20)
	n := C.join((**C.char)(list), (*C.char)(unsafe.Pointer(&out[0])), C.size_t(len(out)))
	return string(out[:n])
}

// Weigh reads all fields of items in C.
func Weigh(items []Item) float64 {
	return float64(C.weigh((*C.struct_item)(unsafe.Pointer(&items[0])), C.size_t(len(items))))
}

// Stock does what programs do without this package: strlen of a copy made by malloc.
func Stock(s string) int {
	p := C.CString(s)
	n := int(C.strlen(p))
	C.free(unsafe.Pointer(p))
	return n
}

// StockStrings makes and frees a char ** with C.CString.
func StockStrings(list []string) int {
	p := (*[1 << 20]*C.char)(C.malloc(C.size_t(8 * (len(list) + 1))))
	for i, s := range list {
		p[i] = C.CString(s)
	}
	p[len(list)] = nil
	n := int(uintptr(unsafe.Pointer(p[0])) & 1)
	for i := range list {
		C.free(unsafe.Pointer(p[i]))
	}
	C.free(unsafe.Pointer(p))
	return n
}
