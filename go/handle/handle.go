// SPDX-License-Identifier: BSD-3-Clause

// Package handle gives out numbers that stand for Go values, for C to hold and to hand back.
//
// A Handle has the methods of runtime/cgo.Handle and differs in this: it costs about 10 ns in all,
// whatever the number of goroutines; a handle that was deleted stays invalid, because the number is
// never given out again; and an invalid one is an error, not the end of the program, for those who
// ask with Lookup or Get. C may ask rcgo_handle_valid (runtime_cgo.h) without entering Go.
//
//	h := handle.New(state)
//	C.register(C.uintptr_t(h)) // or h.Pointer(), where C wants a void *
//	…
//	//export callback
//	func callback(h C.uintptr_t) {
//		state, err := handle.Get[*State](handle.Handle(h))
//
// RCGO=handles=trace in the environment keeps for each handle where it was made; WriteLeaks prints
// those that were not deleted.
package handle

import (
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"unsafe"
)

// A Handle stands for a Go value. The zero Handle is never valid. No handle looks like an address:
// its highest bit is set.
type Handle uintptr

// ErrInvalid is what Lookup, Get and Release give for a handle that is zero, was deleted, or was
// never made.
var ErrInvalid = errors.New("handle: misuse of an invalid Handle")

// ErrType is what Get gives when the value is of another type.
var ErrType = errors.New("handle: the value is of another type")

// Lookup is Value with an error instead of a panic.
func (h Handle) Lookup() (any, error) {
	v, ok := h.load()
	if !ok {
		return nil, h.misuse()
	}
	return v, nil
}

// Get gives the value of a handle as a T, or ErrInvalid or ErrType. A nil value is one of every
// interface type.
func Get[T any](h Handle) (T, error) {
	var none T
	v, ok := h.load()
	if !ok {
		return none, h.misuse()
	}
	t, ok := v.(T)
	if !ok {
		want := reflect.TypeOf((*T)(nil)).Elem()
		if v == nil && want.Kind() == reflect.Interface {
			return none, nil
		}
		return none, fmt.Errorf("%w: %T, not %v", ErrType, v, want)
	}
	return t, nil
}

// Valid says whether a handle stands for a value.
func (h Handle) Valid() bool {
	_, ok := h.load()
	return ok
}

// Pointer gives the handle in the form of a pointer, for a C function that takes a void * of the
// caller's. It points nowhere.
func (h Handle) Pointer() unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&h)) }

// FromPointer gives the handle back that Pointer gave as a pointer.
func FromPointer(p unsafe.Pointer) Handle { return Handle(uintptr(p)) }

//go:noinline
func (h Handle) misuse() error {
	atomic.AddUint64(&misuses, 1)
	if h == 0 {
		return fmt.Errorf("%w: 0", ErrInvalid)
	}
	return fmt.Errorf("%w: %#x", ErrInvalid, uintptr(h))
}

// Counts say how many handles there are, were made and deleted, and how often one was misused.
type Counts struct {
	Live, Made, Deleted, Misused uint64
}
