// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package leaf

import (
	"errors"

	"rcgo.example/leaf/internal/ccall"
)

// tlsOffset is where g is kept in thread-local storage, seen from the thread pointer. It is the same
// for all threads: Go uses the initial-exec model.
var tlsOffset uintptr

func inTLS(offset uintptr) uintptr

// findTLS finds the slot by its content: in C it holds g0, and in Go it holds g.
func findTLS(f *ccall.Facts) error {
	for _, offset := range ccall.TLS(f.G0) {
		if inTLS(offset) == f.G {
			tlsOffset = offset
			return nil
		}
	}
	return errors.New("the place of g in thread-local storage is not found")
}
