// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf

import (
	_ "unsafe" // for linkname

	"rcgo.example/leaf/internal/ccall"
)

// An ordinary cgo call calls entersyscall before C and exitsyscall after it.
//
//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// The assembly calls them through these variables.
var enterSyscall, exitSyscall = entersyscall, exitsyscall

// startRegions gives C the addresses of regionRelease and regionAcquire, for rcgo_leaf.h, and the drop-in those of
// exportEnter and exportLeave.
func startRegions() {
	ccall.SetRegion(callbackPCs[pcRelease], callbackPCs[pcAcquire])
	exportsLegal = ccall.SetExportHooks(callbackPCs[pcExportEnter], callbackPCs[pcExportLeave])
}
