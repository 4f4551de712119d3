// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf

import (
	_ "unsafe" // for linkname

	"rcgo.example/leaf/internal/ccall"
)

// What an ordinary cgo call does before and after C.
//
//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// The assembly calls them by these.
var enterSyscall, exitSyscall = entersyscall, exitsyscall

// startRegions hands C the functions of rcgo_leaf.h.
func startRegions() { ccall.SetRegion(callbackPCs[pcRelease], callbackPCs[pcAcquire]) }
