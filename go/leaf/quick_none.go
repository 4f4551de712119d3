// SPDX-License-Identifier: BSD-3-Clause

//go:build !(linux && cgo && (amd64 || arm64))

package leaf

import (
	"runtime"
	"unsafe"
)

type layout struct{}

var (
	current *layout
	why     = "there is no quick way on " + runtime.GOOS + "/" + runtime.GOARCH
)

func quick(*signature, unsafe.Pointer) *closure { return nil }

func schedSP() (g, offset uintptr) { return 0, 0 }
