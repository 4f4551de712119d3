// SPDX-License-Identifier: BSD-3-Clause

// Package handle makes numbers that stand for Go values, for C to keep and to pass back.
//
// A Handle has the methods of runtime/cgo.Handle, with these differences: it costs about 10 ns in all, for any number
// of goroutines; a deleted handle stays invalid, because its number is never used again; and with Lookup or Get, an
// invalid handle is an error and not the end of the program. C can call rcgo_handle_valid (runtime_cgo.h) without
// entering Go.
//
//	h := handle.New(state)
//	C.register(C.uintptr_t(h)) // or h.Pointer(), where C expects a void *
//	…
//	//export callback
//	func callback(h C.uintptr_t) {
//		state, err := handle.Get[*State](handle.Handle(h))
//
// With RCGO=handles=trace in the environment, the stack that created each handle is recorded; WriteLeaks prints those
// that were not deleted.
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

// ErrInvalid is the error of Lookup, Get and Release for a handle that is zero, was deleted, or was never made.
var ErrInvalid = errors.New("handle: misuse of an invalid Handle")

// ErrType is the error of Get if the value has another type.
var ErrType = errors.New("handle: the value is of another type")

// Lookup is Value with an error instead of a panic.
func (h Handle) Lookup() (any, error) {
	v, ok := h.load()
	if !ok {
		return nil, h.misuse()
	}
	return v, nil
}

// Get returns the value of a handle as a T, or ErrInvalid or ErrType. A nil value counts as one of every interface
// type.
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

// Valid reports whether a handle stands for a value.
func (h Handle) Valid() bool {
	_, ok := h.load()
	return ok
}

// Pointer returns the handle in the form of a pointer, for a C function with a void * parameter for user data. The
// pointer must not be dereferenced.
func (h Handle) Pointer() unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&h)) }

// FromPointer returns the handle that Pointer turned into a pointer.
func FromPointer(p unsafe.Pointer) Handle { return Handle(uintptr(p)) }

//go:noinline
func (h Handle) misuse() error {
	atomic.AddUint64(&misuses, 1)
	if h == 0 {
		return fmt.Errorf("%w: 0", ErrInvalid)
	}
	return fmt.Errorf("%w: %#x", ErrInvalid, uintptr(h))
}

// Counts are the numbers of handles that exist, were made and were deleted, and of uses of invalid ones.
type Counts struct {
	Live, Made, Deleted, Misused uint64
}
