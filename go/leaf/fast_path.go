// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf

import (
	"unsafe"

	"rcgo.example/leaf/internal/ccall"
)

// fastPath returns the closure of a call on the fast path, or nil if there is none.
func fastPath(s *signature, fn unsafe.Pointer) *closure {
	if ok, _ := Fast(); !ok {
		return nil
	}
	c := &closure{fn: fn}
	if s.pointer {
		c.isPointer = 1
	}
	kind := sixInts
	switch {
	case s.errno && s.result == ccall.Integer:
		kind = errnoIsSecond
	case s.errno:
		kind = errnoIsOnly
	case s.pointer: // the other entries cannot tell the collector
	case s.ints == 0:
		kind = noInts
	case s.ints <= 2:
		kind = twoInts
	}
	if s.errno {
		c.trampoline = ccall.Trampolines(s.result)
	}
	return current.enter(c, kind)
}

// enter stores in a closure the address of its entry, and the data that the entry reads.
func (l *layout) enter(c *closure, kind int) *closure {
	c.code = l.entries[kind]
	c.pc, c.callPC = c.code+8, framePC
	c.syscallSP, c.syscallPC, c.curg, c.ncgo = l.gSyscallSP, l.gSyscallPC, l.mCurg, l.mNcgo
	return c
}

// schedSP returns the offsets of the goroutine's saved SP for a checked call; 0, 0 if unknown.
func schedSP() (g, offset uintptr) {
	if current == nil {
		return 0, 0
	}
	return currentG(), gSched
}

// expected reports whether calls are ordinary for a reason that holds in every version of Go.
func expected() bool { return current != nil || unsupported() != "" }
