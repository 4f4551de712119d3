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
	switch {
	case !s.errno:
		return &closure{entryPC[current.plain], fn, nil}
	case s.result == ccall.Integer:
		return &closure{entryPC[current.errnoIsSecond], fn, ccall.Trampolines(s.result)}
	}
	return &closure{entryPC[current.errnoIsOnly], fn, ccall.Trampolines(s.result)}
}

// schedSP tells a checked call where the goroutine's saved SP lies; 0, 0 when that is not known.
func schedSP() (g, offset uintptr) {
	if current == nil {
		return 0, 0
	}
	return currentG(), uintptr(current.gSched)
}
