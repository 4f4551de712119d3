// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package leaf

import "rcgo.example/leaf/internal/ccall"

// Entries that only amd64 has.
func call19none()
func call19two()
func call22none()
func call22two()
func call23none()
func call23two()
func call25none()
func call25two()
func call26none()
func call26two()
func yieldNumber()

// findTLS has nothing to do on amd64, where the assembler knows the place of g.
func findTLS(*ccall.Facts) error { return nil }
