// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf

import (
	"reflect"
	"runtime"
	"sync"
	"unsafe"

	"rcgo.example/leaf/internal/ccall"
)

const haveThunks = true

// A callbackClosure is what a func value of WithCallbacks points to.
type callbackClosure struct {
	code      uintptr
	fn        unsafe.Pointer
	masks     [maxInts]uintptr // all ones for a register that holds a pointer
	floats    uintptr          // how many
	isPointer bool             // the result
}

// A callRecord has the arguments of a call with callbacks, and what unguard needs.
type callRecord struct {
	ints      [maxInts]uintptr
	floats    [maxFloats]uint64
	g0SP      uintptr
	ncgo      int32
	lockedInt uint32
	locks     int32
	inC       int32 // 1 until C has returned
}

// The addresses in callback_pcs.s.
var callbackPCs [8]uintptr

const (
	pcCall = iota
	pcEnter
	pcFrame
	pcAnchor
	pcThunks
	pcFreed
	pcRelease
	pcAcquire
)

// callbackOffsets is what the assembly reads: where words of the runtime lie, and addresses. It is zero
// where callbacks are ordinary ones: no thread then seems to be in a call with callbacks.
var callbackOffsets [13]uintptr

const (
	offCurg = iota
	offSyscallPC
	offSyscallSP
	offNcgo
	offLockedg
	offLockedExt
	offLockedm
	offSchedBP
	offFramePC
	offAnchorPC
	offEnterPC
	offLocks
	offIncgo
)

// callbackOrdinary is the C function that the thunks call from elsewhere.
var callbackOrdinary unsafe.Pointer

// callbacks is set up at the first use: a program that has leaves only links and runs nothing of it.
var callbacks struct {
	sync.Once
	why string // why callbacks are ordinary ones; "" when they are not
}

func callbacksWhy() string {
	callbacks.Do(func() {
		callbackOrdinary = ccall.CallbackFn(func(number int, frame unsafe.Pointer) {
			callClosure(callbackSlots[number].closure, frame)
		})
		freed.code = callbackPCs[pcFreed]
		code := &struct{ code uintptr }{callbackPCs[pcEnter]}
		enterC = *(*func(*callbackClosure, *callRecord) (uintptr, float64))(unsafe.Pointer(&code))
		if callbacks.why = startCallbacks(); callbacks.why == "" {
			startRegions()
		}
	})
	return callbacks.why
}

func callClosure(fn, frame unsafe.Pointer)

// In assembly. Go code never calls them.
func callbackCall()
func callbackEnter()
func callbackFrame()
func callbackAnchor()
func callbackThunks()
func callbackBridge()
func callbackYield()
func callbackCommon()
func callbackBack()
func callbackLeave()
func callbackForeign()
func callbackFreed()
func callbackBridgeShort()
func callbackBackShort()
func regionRelease()
func regionAcquire()
func regionToC()
func regionNone()
func regionBridge()
func regionEnd()

func thunk(number int) unsafe.Pointer {
	p := callbackPCs[pcThunks] + uintptr(number)*thunkSize
	return *(*unsafe.Pointer)(unsafe.Pointer(&p))
}

var freed struct{ code uintptr }

func freedClosure() unsafe.Pointer { return unsafe.Pointer(&freed) }

func quickWithCallbacks(t reflect.Type, s *signature, fn unsafe.Pointer) unsafe.Pointer {
	if fast, _ := FastCallbacks(); !fast || s.errno {
		return nil
	}
	c := &callbackClosure{code: callbackPCs[pcCall], fn: fn, isPointer: s.pointer}
	word := 0
	for i, kind := range s.in {
		switch kind {
		case reflect.Float32, reflect.Float64:
			c.floats++
			continue
		case reflect.String:
			c.masks[word] = ^uintptr(0)
			word++
		case reflect.Ptr, reflect.UnsafePointer:
			c.masks[word] = ^uintptr(0)
		}
		_ = i
		word++
	}
	return unsafe.Pointer(c)
}

// enterC is callbackEnter as a func value, whose arguments are in registers.
var enterC func(*callbackClosure, *callRecord) (uintptr, float64)

// guarded is guardedCall, for callbackCall: by its func value it is called with its arguments in registers.
var guarded = guardedCall

// guardedCall is called by callbackCall. Its parameters keep alive what C has pointers to.
func guardedCall(c *callbackClosure, k0, k1, k2, k3, k4, k5 unsafe.Pointer, r *callRecord) (p unsafe.Pointer, n uintptr, f float64) {
	defer func() {
		if r.inC != 0 {
			unguard(r)
		}
	}()
	n, f = enterC(c, r)
	r.inC = 0
	if c.isPointer {
		p, n = *(*unsafe.Pointer)(unsafe.Pointer(&n)), 0
	}
	runtime.KeepAlive(k0)
	runtime.KeepAlive(k1)
	runtime.KeepAlive(k2)
	runtime.KeepAlive(k3)
	runtime.KeepAlive(k4)
	runtime.KeepAlive(k5)
	return p, n, f
}

// unguard is called while a panic or Goexit leaves a callback and C's frames: the thread is as before
// the call. The goroutine is locked to the thread until the last line.
func unguard(r *callRecord) {
	g := currentG()
	m := *(*uintptr)(at(g, gM))
	g0 := *(*uintptr)(at(m, mG0))
	*(*uintptr)(at(g0, gSched)) = r.g0SP
	*(*int32)(at(m, current.mNcgo)) = r.ncgo
	lockedExt := uint32(callbackOffsets[offLockedExt])
	if r.lockedInt == 0 && *(*uint32)(at(m, lockedExt)) == 0 {
		*(*uintptr)(at(m, uint32(callbackOffsets[offLockedg]))) = 0
		*(*uintptr)(at(g, uint32(callbackOffsets[offLockedm]))) = 0
	}
	*(*uint32)(at(m, lockedExt+4)) = r.lockedInt
	*(*int32)(at(m, uint32(callbackOffsets[offLocks]))) = r.locks
}

// callbackYieldHere is called when the goroutine's time is up: its prologue sees that.
func callbackYieldHere() { nothing() }
