// SPDX-License-Identifier: BSD-3-Clause

//go:build !(linux && cgo && (amd64 || arm64))

package leaf

import "unsafe"

type layout struct{}

var (
	current *layout
	why     = "the fast path is for programs with C on linux/amd64 and linux/arm64"
)

func fastPath(*signature, unsafe.Pointer) *closure { return nil }

func schedSP() (g, offset uintptr) { return 0, 0 }

func expected() bool { return true }
