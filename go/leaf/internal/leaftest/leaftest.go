// SPDX-License-Identifier: BSD-3-Clause

// Package leaftest has the C functions that the tests of package leaf call.
package leaftest

/*
#cgo CFLAGS: -I${SRCDIR}/../../../../include -I${SRCDIR}/../../../../backtrace/include
#include <stdlib.h>
#include <string.h>
#include "leaftest.h"

// cgo declares a function anew when Go takes its address, and gcc warns when it knows that one.
static void *strlen_fn(void) { return (void *)strlen; }
*/
import "C"

import (
	"runtime"
	"runtime/cgo"
	"unsafe"
)

// Traceback makes Go ask C for C frames: a signal in a leaf then shows the function it hit.
func Traceback() {
	runtime.SetCgoTraceback(0, unsafe.Pointer(C.leaftest_traceback), nil, unsafe.Pointer(C.leaftest_symbolize))
}

// Fn gives the addresses of the functions.
var Fn = map[string]unsafe.Pointer{
	"nothing":      unsafe.Pointer(C.leaftest_nothing),
	"add":          unsafe.Pointer(C.leaftest_add),
	"six":          unsafe.Pointer(C.leaftest_six),
	"fma":          unsafe.Pointer(C.leaftest_fma),
	"eight":        unsafe.Pointer(C.leaftest_eight),
	"mixed":        unsafe.Pointer(C.leaftest_mixed),
	"half":         unsafe.Pointer(C.leaftest_half),
	"negative":     unsafe.Pointer(C.leaftest_negative),
	"small":        unsafe.Pointer(C.leaftest_small),
	"is":           unsafe.Pointer(C.leaftest_is),
	"fails":        unsafe.Pointer(C.leaftest_fails),
	"fails_double": unsafe.Pointer(C.leaftest_fails_double),
	"fails_only":   unsafe.Pointer(C.leaftest_fails_only),
	"sum":          unsafe.Pointer(C.leaftest_sum),
	"store":        unsafe.Pointer(C.leaftest_store),
	"deep":         unsafe.Pointer(C.leaftest_deep),
	"spin":         unsafe.Pointer(C.leaftest_spin),
	"sleep":        unsafe.Pointer(C.leaftest_sleep),
	"call_go":      unsafe.Pointer(C.leaftest_call_go),
	"sp":           unsafe.Pointer(C.leaftest_sp),
	"strlen":       C.strlen_fn(),
	"same":         unsafe.Pointer(C.leaftest_same),
	"same_errno":   unsafe.Pointer(C.leaftest_same_errno),
	"collects":     unsafe.Pointer(C.leaftest_collects),
	"collects_two": unsafe.Pointer(C.leaftest_collects_two),
}

// Nothing and those below are ordinary cgo calls, to compare with.
func Nothing() { C.leaftest_nothing() }

// Add is an ordinary call of the function add.
func Add(a, b int) int { return int(C.leaftest_add(C.long(a), C.long(b))) }

// Fma is an ordinary call of the function fma.
func Fma(a, b, c float64) float64 {
	return float64(C.leaftest_fma(C.double(a), C.double(b), C.double(c)))
}

// Sum is an ordinary call of the function sum.
func Sum(p *byte, n uintptr) uintptr {
	return uintptr(C.leaftest_sum((*C.uchar)(p), C.size_t(n)))
}

// Six is an ordinary call of the function six.
func Six(a, b, c, d, e, f int) int {
	return int(C.leaftest_six(C.long(a), C.long(b), C.long(c), C.long(d), C.long(e), C.long(f)))
}

// Eight is an ordinary call of the function eight.
func Eight(a, b, c, d, e, f, g, h float64) float64 {
	return float64(C.leaftest_eight(C.double(a), C.double(b), C.double(c), C.double(d),
		C.double(e), C.double(f), C.double(g), C.double(h)))
}

// Mixed is an ordinary call of the function mixed.
func Mixed(i int32, a float64, j int, b float32, s *byte) float64 {
	return float64(C.leaftest_mixed(C.int(i), C.double(a), C.long(j), C.float(b), (*C.char)(unsafe.Pointer(s))))
}

// Fails is an ordinary call of the function fails.
func Fails(e int32) (int32, error) {
	r, err := C.leaftest_fails(C.int(e))
	return int32(r), err
}

// Strlen is an ordinary call of strlen on a string copied by C.CString.
func Strlen(s string) int {
	p := C.CString(s)
	n := int(C.strlen(p))
	C.free(unsafe.Pointer(p))
	return n
}

//export leaftestGo
func leaftestGo() {}

// What the collector frees is used again at once.
//
//export leaftestCollect
func leaftestCollect() {
	for i := 0; i < 2; i++ {
		runtime.GC()
		for j := 0; j < 2000; j++ {
			p := new([16]int32)
			p[0] = -1
			sink = p
		}
	}
}

var sink *[16]int32

//export leaftestCallback
func leaftestCallback(n C.long, f C.uintptr_t) { cgo.Handle(f).Value().(func(int))(int(n)) }

// Callback runs f(n) in Go called by C, called by Go.
func Callback(n int, f func(n int)) {
	h := cgo.NewHandle(f)
	defer h.Delete()
	C.leaftest_callback(C.long(n), C.uintptr_t(h))
}
