// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo && !windows && !msan && (amd64 || arm64)

package leaf

import (
	"reflect"
	"runtime"
	"unsafe"

	"rcgo.example/leaf/internal/ccall"
)

// An ordinary call enters like a fast one: by a closure and an entry in assembly. The entry stores the argument
// registers in a ccall.Call in its frame, from which C reads them, as cgo does with the arguments of C.f. So the price
// is that of C.f for every signature, and nothing is allocated.

// The number of argument registers that an entry passes on.
const (
	enterTwoInts = iota
	enterSixInts
	enterThreeFloats
	enterAll
	ordinaryEntries
)

// ordinaryPC holds the addresses of the entries.
var ordinaryPC [ordinaryEntries]uintptr

func enterTwo()
func enterSix()
func enterFloats()
func enterAny()

// ordinary makes f a function that makes an ordinary cgo call of fn.
func ordinary(f reflect.Value, s *signature, name string, fn unsafe.Pointer) {
	c := &closure{fn: fn, name: name, kind: int32(s.result), pointers: s.pointerMasks(), checked: checking()}
	entry, function := s.ordinary()
	if c.checked {
		entry = enterAll
	}
	c.code, c.trampoline, c.isErrno = ordinaryPC[entry], ccall.FrameFunction(function), s.errnoOnly()
	run := runNumbers
	switch {
	case c.checked:
		run = *(*func(*closure, unsafe.Pointer))(unsafe.Pointer(&runWatched))
	case c.pointers == [maxInts]uintptr{}:
	case entry == enterTwoInts:
		run = *(*func(*closure, unsafe.Pointer))(unsafe.Pointer(&runTwo))
	default:
		run = *(*func(*closure, unsafe.Pointer))(unsafe.Pointer(&runSix))
	}
	c.goPC = **(**uintptr)(unsafe.Pointer(&run))
	*(**closure)(f.Addr().UnsafePointer()) = c
}

// ordinary returns the entry and the C function for calls of this signature.
func (s *signature) ordinary() (entry, function int) {
	integers := s.floats == 0 && (s.result == ccall.Integer || s.result == ccall.Nothing)
	switch {
	case s.errno && integers:
		return enterSixInts, ccall.SixErrno
	case s.errno:
		return enterAll, ccall.AnyErrno
	case integers && s.ints <= 2:
		return enterTwoInts, ccall.Two
	case integers:
		return enterSixInts, ccall.Six
	case s.result == ccall.Double && s.ints == 0 && s.floats <= 3:
		return enterThreeFloats, ccall.ThreeDoubles
	case s.result == ccall.Double:
		return enterAll, ccall.AnyDouble
	case s.result == ccall.Float:
		return enterAll, ccall.AnyFloat
	}
	return enterAll, ccall.AnyInteger
}

// errnoOnly reports whether errno is the only integer result.
func (s *signature) errnoOnly() bool { return s.errno && s.result != ccall.Integer }

// cgocall is what C.f calls. GO: cmd/cgo/out.go
//
//go:linkname cgocall runtime.cgocall
func cgocall(fn unsafe.Pointer, arg uintptr) int32

// The entries call one of these, at goPC. The call is in the entry's frame, which moves when the stack does. The
// parameters p keep the memory alive to which the pointer arguments point; they may be the only references.

func runNumbers(c *closure, call unsafe.Pointer) {
	cgocall(c.trampoline, uintptr(call))
}

var runTwo = func(c *closure, call, p0, p1 unsafe.Pointer) {
	cgocall(c.trampoline, uintptr(call))
	runtime.KeepAlive(p0)
	runtime.KeepAlive(p1)
}

var runSix = func(c *closure, call, p0, p1, p2, p3, p4, p5 unsafe.Pointer) {
	cgocall(c.trampoline, uintptr(call))
	keepAlive(p0, p1, p2, p3, p4, p5)
}

var runWatched = func(c *closure, call, p0, p1, p2, p3, p4, p5 unsafe.Pointer) {
	heap := *(*ccall.Call)(call)
	check(c.name, &heap)
	to := (*ccall.Call)(call)
	to.Result, to.FResult, to.Err = heap.Result, heap.FResult, heap.Err
	if c.isErrno {
		to.Result = uintptr(heap.Err)
	}
	keepAlive(p0, p1, p2, p3, p4, p5)
}
