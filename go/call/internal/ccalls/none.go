// SPDX-License-Identifier: BSD-3-Clause

//go:build !cgo || !linux

package ccalls

import "unsafe"

// A program without C has nothing to call.
func NewRecords(int) unsafe.Pointer { return nil }
func FreeRecords(unsafe.Pointer)    {}
func Run(unsafe.Pointer, int)       {}
func TakeSignal() int               { return 0 }
func Interrupt(int)                 {}
