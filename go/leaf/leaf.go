// SPDX-License-Identifier: BSD-3-Clause

// Package leaf calls short C functions from Go at about the cost of an indirect call in C.
//
// An ordinary cgo call tells the scheduler that the goroutine leaves Go, and again that it is back. For a C function
// that returns within a microsecond this costs more than the function does. A leaf call only switches to the system
// stack, as the runtime does for its own calls of C:
//
//	// #include "pixel.h"
//	import "C"
//
//	var blend = leaf.Of[func(a, b uint32, t float64) uint32]("blend", unsafe.Pointer(C.pixel_blend))
//	…
//	p := blend(0xff0000, 0x00ff00, 0.5)
//
// The scheduler does not know of the call, so the function must keep to five rules. It
//
//  1. always runs a very short time, a microsecond or less: until it returns, the garbage collector
//     cannot stop the world and no other goroutine gets this thread's P;
//  2. never blocks or waits: no lock that another thread may hold for long, no I/O, no sleep;
//  3. never calls Go, not even through a function pointer, and never exceptions past its caller;
//  4. does not end its thread, and leaves the stack, the signal mask and thread-local state of Go
//     alone: no longjmp out, no fork without exec, no change of alternate signal stack;
//  5. keeps no pointer into Go memory after it returns.
//
// Calling Go from a leaf ends the program with "fatal error: exitsyscall: syscall frame is no longer
// valid". C that calls Go is called by WithCallbacks. RCGO=leafcheck=on in the environment makes every leaf an ordinary call that is checked: each function that
// breaks rule 1, 2 or 3 is reported by name.
//
// The function type determines the call: up to six parameters that are integers of 32 or 64 bits, pointers or strings
// (a string is two: const char * and size_t), up to eight that are float64 or float32, and one result or none. A last
// result of type syscall.Errno gets errno, which is 0 before the call:
//
//	var access = leaf.Of[func(path unsafe.Pointer, mode int32) (int32, syscall.Errno)](…)
//
// C promotes char and short to int: declare them as int32. Structures by value and variadic functions are not possible.
// Pointer arguments escape to the heap, as with cgo; memory that is reached only through a uintptr is not kept alive.
// The command rcgo leaf writes such variables and typed functions from a C header.
//
// Where the fast path is not available (another CPU or system than Linux on amd64 and arm64, the race detector, a
// future Go whose g and m this package does not recognize at start) each call is an ordinary cgo call with the same
// results, at the cost of cgo. Fast reports that, and a test binary prints the reason once. Where no call by address
// is possible at all (a program built without cgo; a CPU whose C passes arguments elsewhere than in registers, such as
// 386 or ppc64le), Bind returns an error, and Of panics.
package leaf

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"rcgo.example/leaf/internal/ccall"
)

// A closure is the object to which our func values point. Go calls code with the address of the closure in a register,
// and the entry reads the callee from the closure.
type closure struct {
	code       uintptr
	fn         unsafe.Pointer
	trampoline unsafe.Pointer // a C function between the entry and fn
	isPointer  uintptr        // 1 if the result is a pointer
	pc, callPC uintptr        // for g.sched and g.syscallpc on amd64

	// For entries without a known layout.
	syscallSP, syscallPC, curg, ncgo uint32

	// For ordinary calls.
	goPC     uintptr          // of a Go function for the entry
	pointers [maxInts]uintptr // all ones if the register holds a pointer
	name     string
	kind     int32
	isErrno  bool // the integer result is errno
	checked  bool
}

// Of returns a Go function of type F that calls the C function at address fn. The name is for messages. It panics if F
// is not a valid type for a leaf, or if fn is nil.
func Of[F any](name string, fn unsafe.Pointer) F {
	var f F
	if err := bind(reflect.ValueOf(&f).Elem(), name, fn); err != nil {
		panic("leaf: " + err.Error())
	}
	return f
}

// Bind is Of for a variable whose type is only known at run time: f points to it.
func Bind(f interface{}, name string, fn unsafe.Pointer) error {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Ptr || v.IsNil() || v.Elem().Kind() != reflect.Func {
		return fmt.Errorf("leaf: %s: Bind wants a pointer to a function variable, not a %T", name, f)
	}
	if err := bind(v.Elem(), name, fn); err != nil {
		return fmt.Errorf("leaf: %w", err)
	}
	return nil
}

func bind(f reflect.Value, name string, fn unsafe.Pointer) error {
	sig, err := checkBinding(f.Type(), name, fn)
	if err != nil {
		return err
	}
	if c := fastPath(sig, fn); c != nil {
		*(**closure)(f.Addr().UnsafePointer()) = c
		return nil
	}
	tellOnce()
	ordinary(f, sig, name, fn)
	return nil
}

// checkBinding returns the signature of a function, or an error that says why it cannot be called.
func checkBinding(t reflect.Type, name string, fn unsafe.Pointer) (*signature, error) {
	sig, err := signatureOf(t)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case fn == nil:
		return nil, fmt.Errorf("%s: the address is nil", name)
	case !ccall.HasC:
		return nil, fmt.Errorf("%s: built without cgo, so there is no C to call", name)
	case !ccall.ByRegister:
		return nil, fmt.Errorf("%s: on %s/%s a C function is called by cgo only", name, runtime.GOOS, runtime.GOARCH)
	}
	return sig, nil
}

// Fast reports whether calls take the fast path; if not, why.
func Fast() (bool, string) {
	if checking() {
		return false, "leaves are checked"
	}
	return current != nil, why
}

// tellOnce prints in a test binary that calls are ordinary although the fast path was expected: otherwise only their
// duration would show it.
func tellOnce() {
	if checking() || expected() || !strings.HasSuffix(os.Args[0], ".test") {
		return
	}
	told.Do(func() { fmt.Fprintf(os.Stderr, "leaf: calls of C cost as much as cgo calls: %s\n", why) })
}

var told sync.Once

// keepAlive keeps the memory of pointer arguments alive until C has returned. It is inlined.
func keepAlive(p0, p1, p2, p3, p4, p5 unsafe.Pointer) {
	runtime.KeepAlive(p0)
	runtime.KeepAlive(p1)
	runtime.KeepAlive(p2)
	runtime.KeepAlive(p3)
	runtime.KeepAlive(p4)
	runtime.KeepAlive(p5)
}
