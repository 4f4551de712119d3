// SPDX-License-Identifier: BSD-3-Clause

// Package handle gives C a number that identifies a Go value.
//
// C code must not keep pointers to Go values. Make a [Handle] of the value with [New], give the
// number to C, and get the value back with Value or Lookup when C hands the number to a callback:
//
//	h := handle.New(state) // a Handle[*State]
//	C.register(C.uintptr_t(h))
//
//	//export callback
//	func callback(h C.uintptr_t) {
//		state, err := handle.Handle[*State](h).Lookup()
//		…
//	}
//
// Where C wants a void *, use Pointer and [FromPointer]. Call Delete when C no longer has the
// number: until then the value is kept alive.
//
// In comparison with runtime/cgo.Handle, a handle knows the type of its value, costs about 10 ns in
// all, whatever the number of goroutines, and is never given out twice: after Delete it stays
// invalid. A wrong number is an error for Lookup and Release, and ends the program only with Value
// and Delete. C may ask rcgo_handle_valid (runtime_cgo.h) without a call of Go.
//
// Start the program with RCGO=handles=trace in its environment to record where each handle is made.
// [WriteLeaks] prints those that were not deleted.
package handle

import (
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"unsafe"
)

// A Handle identifies a Go value of type T. Convert it to C.uintptr_t for C, and back. The zero
// Handle is never valid. The highest bit of a handle is set, so that it does not look like an
// address.
type Handle[T any] uintptr

// Any is a Handle for a value of any type.
type Any = Handle[any]

// ErrInvalid is the error for a handle that is zero, was deleted, or was never made.
var ErrInvalid = errors.New("handle: misuse of an invalid Handle")

// ErrType is the error for a handle whose value is of another type.
var ErrType = errors.New("handle: the value is of another type")

// New makes a handle for a value, which may be nil. The value is kept alive until Delete.
func New[T any](v T) Handle[T] { return Handle[T](newNumber(v)) }

// Value returns the value of a handle. It panics if the handle is not valid or the value is no T.
func (h Handle[T]) Value() T {
	v, ok := number(h).load()
	if !ok {
		panic(number(h).misuse())
	}
	t, ok := as[T](v)
	if !ok {
		panic(wrongType[T](v))
	}
	return t
}

// Lookup returns the value of a handle, or ErrInvalid or ErrType. With errors.Is, find out which.
func (h Handle[T]) Lookup() (T, error) {
	v, ok := number(h).load()
	if !ok {
		var none T
		return none, number(h).misuse()
	}
	t, ok := as[T](v)
	if !ok {
		return t, wrongType[T](v)
	}
	return t, nil
}

// Valid reports whether a handle identifies a value.
func (h Handle[T]) Valid() bool {
	_, ok := number(h).load()
	return ok
}

// Delete makes a handle invalid. It panics if the handle is not valid.
func (h Handle[T]) Delete() {
	if err := number(h).remove(); err != nil {
		panic(err)
	}
}

// Release makes a handle invalid. Unlike Delete, it returns ErrInvalid if the handle is not valid.
func (h Handle[T]) Release() error { return number(h).remove() }

// Pointer returns the handle in the form of a pointer, for a C function that takes a void * of its
// caller's. The pointer points nowhere.
func (h Handle[T]) Pointer() unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&h)) }

// FromPointer returns the handle of which Pointer made a pointer.
func FromPointer[T any](p unsafe.Pointer) Handle[T] { return Handle[T](uintptr(p)) }

// Get returns the value of a handle as a T, or ErrInvalid or ErrType. The handle may be a Handle of
// any type, a C.uintptr_t or a uintptr.
func Get[T any, H ~uintptr | ~uint64](h H) (T, error) { return Handle[T](h).Lookup() }

// All loops over the handles that are valid and their values, in no order. Handles that are made or
// deleted during the loop may be left out. Use it to look for handles that are never deleted:
//
//	for h, v := range handle.All() { // from Go 1.23 on
//		fmt.Printf("%#x %T\n", h, v)
//	}
func All() func(yield func(Any, any) bool) {
	return func(yield func(Any, any) bool) {
		for i, n := uint64(0), used(); i < n; i++ {
			h := number(atomic.LoadUint64(wordOf(i)))
			if uint64(h)&flip != i|liveBit {
				continue
			}
			if v, ok := h.load(); ok && !yield(Any(h), v) {
				return
			}
		}
	}
}

// as returns v as a T. A nil value is one of every interface type.
func as[T any](v any) (t T, ok bool) {
	// An interface that was converted to any has lost its own type.
	if p, is := any(&t).(*any); is {
		*p = v
		return t, true
	}
	if t, ok = v.(T); !ok && v == nil {
		ok = reflect.TypeOf((*T)(nil)).Elem().Kind() == reflect.Interface
	}
	return t, ok
}

//go:noinline
func wrongType[T any](v any) error {
	return fmt.Errorf("%w: %T, not %v", ErrType, v, reflect.TypeOf((*T)(nil)).Elem())
}

// A number is a handle of which only the value knows the type.
type number uintptr

//go:noinline
func (h number) misuse() error {
	atomic.AddUint64(&misuses, 1)
	if h == 0 {
		return fmt.Errorf("%w: 0", ErrInvalid)
	}
	return fmt.Errorf("%w: %#x", ErrInvalid, uintptr(h))
}

// Counts tell how many handles are valid, were made and were deleted, and how often an invalid one
// was used.
type Counts struct {
	Live, Made, Deleted, Misused uint64
}
