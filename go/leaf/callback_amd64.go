// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package leaf

import (
	"runtime"
	"unsafe"

	"rcgo.example/leaf/internal/ccall"
)

// thunkSize is that of a thunk.
const thunkSize = 16

// In assembly. Go code never calls them.
func regionBack()
func callbackCall3()
func callbackEnter3()

// The addresses of callbackCall3 and callbackEnter3.
var call3PCs [2]uintptr

// enterC3 is callbackEnter3 as a func value, whose arguments are in registers.
var enterC3 func(r *callRecord, fn unsafe.Pointer, a0, a1, a2 uintptr) uintptr

func startCalls() {
	code := &struct{ code uintptr }{call3PCs[1]}
	enterC3 = *(*func(*callRecord, unsafe.Pointer, uintptr, uintptr, uintptr) uintptr)(unsafe.Pointer(&code))
}

// guarded3 is guardedCall3, for callbackCall3.
var guarded3 = guardedCall3

// guardedCall3 is guardedCall for callbackCall3.
func guardedCall3(k0, k1, k2 unsafe.Pointer, r *callRecord, fn unsafe.Pointer, a0, a1, a2 uintptr) (n uintptr) {
	defer func() {
		if r.inC != 0 {
			unguard(r)
		}
	}()
	n = enterC3(r, fn, a0, a1, a2)
	r.inC = 0
	runtime.KeepAlive(k0)
	runtime.KeepAlive(k1)
	runtime.KeepAlive(k2)
	return n
}

// callCode gives the code for a call with callbacks of this signature.
func callCode(s *signature) uintptr {
	if s.ints <= 3 && s.floats == 0 && !s.pointer && s.result != ccall.Double && s.result != ccall.Float {
		return call3PCs[0]
	}
	return callbackPCs[pcCall]
}
