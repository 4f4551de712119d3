// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf

import (
	"unsafe"

	"rcgo.example/leaf/internal/ccall"
)

// quick gives the closure of a quick call, or nil where there is none.
func quick(s *signature, fn unsafe.Pointer) *closure {
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

// enter gives a closure the address of its entry, and what that finds in the closure.
func (l *layout) enter(c *closure, kind int) *closure {
	c.code = l.entries[kind]
	c.pc, c.callPC = c.code+8, framePC
	c.syscallSP, c.syscallPC, c.curg, c.ncgo = l.gSyscallSP, l.gSyscallPC, l.mCurg, l.mNcgo
	return c
}

// schedSP tells a checked call where the goroutine's saved SP lies; 0, 0 when that is not known.
func schedSP() (g, offset uintptr) {
	if current == nil {
		return 0, 0
	}
	return currentG(), gSched
}

// expected says whether there is a reason for ordinary calls that no other Go would take away.
func expected() bool { return current != nil || unsupported() != "" }
