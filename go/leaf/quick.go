// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf

import (
	"unsafe"

	"runtime_cgo/leaf/internal/ccall"
)

// quick gives the closure of a quick call, or nil where there is none.
func quick(s *signature, fn unsafe.Pointer) *closure {
	if ok, _ := Fast(); !ok {
		return nil
	}
	c := &closure{code: entryPC[current.plain], fn: fn}
	if s.pointer {
		c.isPointer = 1
	}
	if s.errno {
		c.code, c.trampoline = entryPC[current.errnoIsOnly], ccall.Trampolines(s.result)
		if s.result == ccall.Integer {
			c.code = entryPC[current.errnoIsSecond]
		}
	}
	return c
}

// schedSP tells a checked call where the goroutine's saved SP lies; 0, 0 when that is not known.
func schedSP() (g, offset uintptr) {
	if current == nil {
		return 0, 0
	}
	return currentG(), uintptr(current.gSched)
}
