// SPDX-License-Identifier: BSD-3-Clause
// Overlay: how the C compiler is called for our half. The last -std= and -W win, and this file
// sorts behind Go's own cgo.go; so what Go asks for (gnu90 and -Werror in 1.27) gives way.

//go:build linux

package cgo

/*
#cgo CFLAGS: -std=gnu11 -Wno-error -Wno-declaration-after-statement
#cgo CFLAGS: -fno-omit-frame-pointer -fasynchronous-unwind-tables
*/
import "C"
