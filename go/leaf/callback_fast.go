// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf

import (
	"reflect"
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

// A callRecord has the arguments of a call with callbacks, and the state that unguard restores.
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
var callbackPCs [10]uintptr

const (
	pcCall = iota
	pcEnter
	pcFrame
	pcAnchor
	pcThunks
	pcFreed
	pcRelease
	pcAcquire
	pcExportEnter
	pcExportLeave
)

// callbackOffsets is data for the assembly: the offsets of words in g and m, and addresses. It is zero if callbacks
// cannot take the fast path; then no thread appears to be in a call with callbacks.
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

// callbackOrdinary is the C function through which a thunk makes an ordinary call of Go.
var callbackOrdinary unsafe.Pointer

// callbacks is initialised at the first use, so a program that has only leaves neither links nor runs this code.
var callbacks struct {
	sync.Once
	why string // why callbacks cannot take the fast path; "" if they can
}

func callbacksWhy() string {
	callbacks.Do(func() {
		callbackOrdinary = ccall.CallbackFn(func(number int, frame unsafe.Pointer) {
			callClosure(callbackSlots[number].closure, frame)
		})
		freed.code = callbackPCs[pcFreed]
		code := &struct{ code uintptr }{callbackPCs[pcEnter]}
		enterC = *(*func(*callbackClosure, *callRecord) (uintptr, float64))(unsafe.Pointer(&code))
		startCalls()
		if callbacks.why = startCallbacks(); callbacks.why == "" {
			startRegions()
			if watchingHangs() {
				if err := ccall.WatchHangs(); err != nil {
					report("leaf: RCGO=leafcheck=hangs: no thread that watches: %v", err)
				}
			}
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
func exportEnter()
func exportLeave()
func exportBridge()

func thunk(number int) unsafe.Pointer {
	p := callbackPCs[pcThunks] + uintptr(number)*thunkSize
	return *(*unsafe.Pointer)(unsafe.Pointer(&p))
}

var freed struct{ code uintptr }

func freedClosure() unsafe.Pointer { return unsafe.Pointer(&freed) }

func fastWithCallbacks(t reflect.Type, s *signature, fn unsafe.Pointer) unsafe.Pointer {
	if fast, _ := FastCallbacks(); !fast || s.errno {
		return nil
	}
	return unsafe.Pointer(&callbackClosure{code: callCode(s), fn: fn, masks: s.pointerMasks(), floats: uintptr(s.floats),
		isPointer: s.pointer})
}

// enterC is callbackEnter as a func value, whose arguments are in registers.
var enterC func(*callbackClosure, *callRecord) (uintptr, float64)

// guarded is the func value by which callbackCall calls guardedCall with arguments in registers.
var guarded = guardedCall

// guardedCall is called by callbackCall. Its parameters k0 to k5 keep the memory alive to which C has pointers.
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
	keepAlive(k0, k1, k2, k3, k4, k5)
	return p, n, f
}

// unguard restores the thread to its state before the call, when a panic or Goexit abandons a callback and the C
// frames. The goroutine is locked to the thread until the last line.
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

// callbackYieldHere is called when the goroutine's time slice is over: its prologue detects that and yields.
func callbackYieldHere() { nothing() }
